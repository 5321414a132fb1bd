#include "leyden/cli/test_toolchains.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "leyden/agents/qa/cpp/cpp_toolchain.h"
#include "leyden/agents/qa/go/go_toolchain.h"
#include "leyden/agents/qa/java/java_toolchain.h"
#include "leyden/agents/qa/javascript/javascript_toolchain.h"
#include "leyden/agents/qa/php/php_toolchain.h"
#include "leyden/agents/qa/python/python_toolchain.h"
#include "leyden/agents/qa/ruby/ruby_toolchain.h"
#include "leyden/agents/qa/rust/rust_toolchain.h"

namespace leyden::cli {

namespace fs = std::filesystem;

syntax::Language test_language(const fs::path& file, std::string_view text) {
  const syntax::Language out = syntax::detect_language(file.string(), text);
  if (out != syntax::Language::c || file.extension() == ".c") return out;
  std::error_code ignored;
  const bool with_c = std::ranges::any_of(
      fs::directory_iterator(fs::absolute(file).parent_path(), ignored),
      [](const fs::directory_entry& one) { return one.path().extension() == ".c"; });
  return with_c ? out : syntax::Language::cpp;
}

Result<std::unique_ptr<qa::Toolchain>> open_toolchain(const TestFlags& flags, const fs::path& file,
                                                      syntax::Language language,
                                                      const sandbox::Sandbox& sandbox,
                                                      std::stop_token stop) {
  switch (language) {
    case syntax::Language::python:
      return qa::open_python(sandbox, file, {.interpreter = flags.python}, std::move(stop));
    case syntax::Language::javascript:
    case syntax::Language::typescript:
    case syntax::Language::tsx:
      return qa::open_javascript(sandbox, file, {.node = flags.node}, std::move(stop));
    case syntax::Language::c:
    case syntax::Language::cpp:
      return qa::open_cpp(sandbox, file,
                          {.compiler = flags.cxx, .is_c = language == syntax::Language::c}, stop);
    case syntax::Language::go:
      return qa::open_go(sandbox, file, {.go = flags.go}, std::move(stop));
    case syntax::Language::java: {
      const char* home = std::getenv("JAVA_HOME");
      return qa::open_java(
          sandbox, file,
          {.java = flags.java, .home = home == nullptr ? "" : home, .class_path = flags.class_path},
          stop);
    }
    case syntax::Language::php:
      return qa::open_php(sandbox, file, {.interpreter = flags.php}, std::move(stop));
    case syntax::Language::ruby:
      return qa::open_ruby(sandbox, file, {.interpreter = flags.ruby}, std::move(stop));
    case syntax::Language::rust:
      return qa::open_rust(sandbox, file, {.cargo = flags.cargo}, std::move(stop));
    default:
      return fail(Errc::unsupported,
                  "{} is {}: tests are made of Python, JavaScript, TypeScript, C, C++, Go, Java, "
                  "Rust, Ruby and PHP so far",
                  file.string(), to_string(language));
  }
}

}  // namespace leyden::cli
