#include "leyden/cli/test_flags.h"

#include <algorithm>
#include <iterator>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace leyden::cli {
namespace {

// What a run is resumed with, but for the model's name and tokenizer, which may be unset.
template <class Flags, class Visit>
void each_field(Flags& flags, const Visit& visit) {
  visit("paths", flags.target.paths);
  visit("diff", flags.target.diff);
  visit("base", flags.target.base);
  visit("staged", flags.target.staged);
  visit("type", flags.type);
  visit("write", flags.write);
  visit("patch", flags.patch);
  visit("json", flags.as_json);
  visit("junit", flags.as_junit);
  visit("offline", flags.offline);
  visit("servers", flags.model.servers);
  visit("max_answer_tokens", flags.max_answer_tokens);
  visit("max_tokens", flags.max_tokens);
  visit("max_calls", flags.max_calls);
  visit("no_token_cache", flags.no_token_cache);
  visit("quick", flags.quick);
  visit("strict", flags.strict);
  visit("unsafe_no_sandbox", flags.unsafe_no_sandbox);
  visit("max_tests", flags.max_tests);
  visit("max_repairs", flags.max_repairs);
  visit("max_time_s", flags.max_time_s);
  visit("seed", flags.seed);
  visit("python", flags.python);
  visit("node", flags.node);
  visit("cxx", flags.cxx);
  visit("ruby", flags.ruby);
  visit("php", flags.php);
  visit("go", flags.go);
  visit("cargo", flags.cargo);
  visit("java", flags.java);
  visit("class_path", flags.class_path);
  visit("record", flags.record);
  visit("record_prompts", flags.record_prompts);
}

}  // namespace

void add_test_options(CLI::App& command, TestFlags& flags) {
  command.add_option("PATH", flags.target.paths,
                     "A file, or FILE:function, or FILE:Class.method, or a folder");
  command.add_option("--diff", flags.target.diff,
                     "Of the functions that a diff changes: a file, or - for standard input");
  command.add_option("--base", flags.target.base,
                     "Of what has changed since HEAD and this commit or branch parted");
  command.add_flag("--staged", flags.target.staged, "Of what is staged for the next commit");
  command.add_option("--type", flags.type, "unit, integration, e2e, performance or security")
      ->capture_default_str();
  command.add_flag("--write", flags.write, "Put the tests where the project keeps its own");
  command.add_flag("--patch", flags.patch, "Print them as a patch for git apply");
  command
      .add_option("--max-tests", flags.max_tests,
                  "Of each file [default: 20, and 5 for each function beyond the fourth]")
      ->check(CLI::Range(1, 1000));
  command.add_option("--max-time", flags.max_time_s, "Seconds for finding inputs, of each file")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  command.add_flag("--quick", flags.quick,
                   "Look no further for mutants that the first inputs leave: many files at once");
  command.add_option("--seed", flags.seed, "The same seed gives the same tests")
      ->capture_default_str();
  command.add_flag("--offline", flags.offline, "Without a model, though a server is set");
  command.add_option(
      "--model", flags.model.name,
      "Ask a model in this process, too: a name of `leyden model list` or a GGUF file");
  command
      .add_option("--server", flags.model.servers,
                  "Ask a model server, too [default: LEYDEN_LLM_URL, if set]")
      ->allow_extra_args(false)
      ->excludes("--model");
  command.add_option("--tokenizer", flags.model.tokenizer,
                     "The server's model's own: a name or a file");
  command
      .add_option("--max-answer-tokens", flags.max_answer_tokens,
                  "Stop each answer of the model there")
      ->capture_default_str();
  command.add_option(
      "--max-tokens", flags.max_tokens,
      "Ask the model nothing more once prompts and answers have taken so many; 0: no limit");
  command.add_option("--max-calls", flags.max_calls, "Questions to the model; 0: no limit");
  command
      .add_option("--max-repairs", flags.max_repairs,
                  "Of each answer of the model that does not work")
      ->capture_default_str();
  command.add_flag("--no-token-cache", flags.no_token_cache,
                   "Tokenize what the model is shown anew each time");
  command.add_option("--record", flags.record,
                     "Write the model's answers to a file, for --replay; without the prompts");
  command.add_flag("--record-prompts", flags.record_prompts,
                   "Write the prompts there, too: they hold your sources");
  command
      .add_option(
          "--replay", flags.replay,
          "Take the answers from such a file; a prompt that it has no answer to is an error")
      ->excludes("--model", "--server");
  command.add_flag("--dry-run", flags.dry_run,
                   "Say how many tokens the model would be shown; ask it nothing, run no test");
  command
      .add_option("--resume", flags.resume,
                  "Go on with an interrupted run, with its options [default: this folder's newest]")
      ->expected(0, 1)
      ->excludes("PATH", "--diff", "--base", "--staged", "--record", "--replay", "--dry-run");
  command.add_flag("--strict", flags.strict,
                   "Exit with 3 when a file could not be tested or the model not be asked");
  command.add_flag("--json", flags.as_json, "The report as JSON");
  command
      .add_flag("--list-mutants", flags.list_mutants,
                "Print the changes of the source that tests are judged by, as JSON; make none")
      ->excludes("--write")
      ->excludes("--patch");
  command
      .add_flag("--skeleton", flags.skeleton,
                "Print a file with a test to be written for each function; run nothing. Of C, "
                "C++, Go, Java, "
                "JavaScript, PHP, Python, Ruby, Rust, TypeScript")
      ->excludes("--list-mutants")
      ->excludes("--resume");
  command.add_flag("--junit", flags.as_junit, "The report as JUnit's XML");
  command.add_option(
      "--python", flags.python,
      "The interpreter that has pytest [default: the project's .venv, else python3]");
  command.add_option("--node", flags.node,
                     "Node 18 or newer, for JavaScript [default: the system's]");
  command.add_option("--go", flags.go, "The go command [default: go]");
  command.add_option("--cargo", flags.cargo,
                     "Cargo, or rustc, for Rust [default: rustup's toolchain, else the system's]");
  command.add_option("--java", flags.java,
                     "A JDK's folder or its java [default: JAVA_HOME, else the system's]");
  command.add_option("--class-path", flags.class_path,
                     "Jars that Java sources need beside those in lib, by colons, and JUnit 5's, "
                     "if it is to be another than Maven's or the system's");
  command.add_option("--cxx", flags.cxx, "A C++ compiler [default: g++, else clang++]");
  command.add_option("--ruby", flags.ruby, "Ruby that has minitest [default: the system's]");
  command.add_option("--php", flags.php, "PHP that has Xdebug [default: the system's]");
  command.add_flag("--unsafe-no-sandbox", flags.unsafe_no_sandbox,
                   "Run the code with all rights of yours, where no sandbox can be had");
}

Result<void> check(const TestFlags& flags) {
  static constexpr const char* kTypes[] = {"unit", "integration", "e2e", "performance", "security"};
  if (std::ranges::find(kTypes, flags.type) == std::end(kTypes))
    return fail(Errc::invalid_argument,
                "--type {} is not unit, integration, e2e, performance or security", flags.type);
  if (flags.write && flags.patch)
    return fail(Errc::invalid_argument, "--write and --patch: give one of them");
  if (flags.as_json && flags.as_junit)
    return fail(Errc::invalid_argument, "--json and --junit: give one of them");
  if (!flags.record.empty() && !flags.replay.empty())
    return fail(Errc::invalid_argument, "--record and --replay: give one of them");
  if (flags.record_prompts && flags.record.empty())
    return fail(Errc::invalid_argument, "--record-prompts needs --record");
  return {};
}

bool names_toolchain(const TestFlags& flags) {
  for (const std::string* one : {&flags.python, &flags.node, &flags.cxx, &flags.ruby, &flags.php,
                                 &flags.go, &flags.cargo, &flags.java, &flags.class_path}) {
    if (!one->empty()) return true;
  }
  return false;
}

std::string request_of(const TestFlags& flags) {
  nlohmann::json out;
  each_field(flags, [&](const char* name, const auto& value) { out[name] = value; });
  if (flags.model.name) out["model"] = *flags.model.name;
  if (flags.model.tokenizer) out["tokenizer"] = *flags.model.tokenizer;
  return out.dump();
}

Result<TestFlags> flags_of(const std::string& request) {
  try {
    const auto json = nlohmann::json::parse(request);
    TestFlags out;
    each_field(out, [&](const char* name, auto& value) { json.at(name).get_to(value); });
    if (json.contains("model")) out.model.name = json["model"].get<std::string>();
    if (json.contains("tokenizer")) out.model.tokenizer = json["tokenizer"].get<std::string>();
    return out;
  } catch (const nlohmann::json::exception& error) {
    return fail(Errc::corrupt, "the interrupted run can't be read: {}", error.what());
  }
}

}  // namespace leyden::cli
