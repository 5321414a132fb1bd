#include "leyden/syntax/language.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

namespace leyden::syntax {
namespace {

using Named = std::pair<std::string_view, Language>;
using enum Language;

constexpr auto kNames = std::to_array<Named>({{"text", text},
                                              {"markdown", markdown},
                                              {"restructuredtext", restructuredtext},
                                              {"asciidoc", asciidoc},
                                              {"org", org},
                                              {"tex", tex},
                                              {"bash", bash},
                                              {"c", c},
                                              {"cpp", cpp},
                                              {"csharp", csharp},
                                              {"go", go},
                                              {"java", java},
                                              {"javascript", javascript},
                                              {"php", php},
                                              {"python", python},
                                              {"ruby", ruby},
                                              {"rust", rust},
                                              {"tsx", tsx},
                                              {"typescript", typescript},
                                              {"cmake", cmake},
                                              {"css", css},
                                              {"dart", dart},
                                              {"dockerfile", dockerfile},
                                              {"elixir", elixir},
                                              {"haskell", haskell},
                                              {"html", html},
                                              {"ini", ini},
                                              {"json", json},
                                              {"kotlin", kotlin},
                                              {"lua", lua},
                                              {"make", make},
                                              {"perl", perl},
                                              {"powershell", powershell},
                                              {"protobuf", protobuf},
                                              {"r", r},
                                              {"scala", scala},
                                              {"sql", sql},
                                              {"swift", swift},
                                              {"toml", toml},
                                              {"xml", xml},
                                              {"yaml", yaml},
                                              {"zig", zig}});

// By the name's ending, in small letters and without the dot.
constexpr auto kEndings = std::to_array<Named>({
    {"txt", text},
    {"log", text},
    {"csv", text},
    {"tsv", text},
    {"md", markdown},
    {"markdown", markdown},
    {"mdx", markdown},
    {"mkd", markdown},
    {"qmd", markdown},
    {"rmd", markdown},
    {"rst", restructuredtext},
    {"adoc", asciidoc},
    {"asciidoc", asciidoc},
    {"org", org},
    {"tex", tex},
    {"sty", tex},
    {"cls", tex},
    {"sh", bash},
    {"bash", bash},
    {"zsh", bash},
    {"ksh", bash},
    {"bats", bash},
    {"ebuild", bash},
    {"c", c},
    {"cc", cpp},
    {"cpp", cpp},
    {"cxx", cpp},
    {"c++", cpp},
    {"hh", cpp},
    {"hpp", cpp},
    {"hxx", cpp},
    {"h++", cpp},
    {"ipp", cpp},
    {"tpp", cpp},
    {"txx", cpp},
    {"inl", cpp},
    {"ixx", cpp},
    {"cppm", cpp},
    {"cu", cpp},
    {"cuh", cpp},
    {"ino", cpp},
    {"cs", csharp},
    {"csx", csharp},
    {"go", go},
    {"java", java},
    {"js", javascript},
    {"jsx", javascript},
    {"mjs", javascript},
    {"cjs", javascript},
    {"es6", javascript},
    {"php", php},
    {"php3", php},
    {"php4", php},
    {"php5", php},
    {"php7", php},
    {"phtml", php},
    {"py", python},
    {"pyi", python},
    {"pyw", python},
    {"pyx", python},
    {"bzl", python},
    {"rb", ruby},
    {"rake", ruby},
    {"gemspec", ruby},
    {"ru", ruby},
    {"podspec", ruby},
    {"rs", rust},
    {"tsx", tsx},
    {"ts", typescript},
    {"mts", typescript},
    {"cts", typescript},
    {"cmake", cmake},
    {"css", css},
    {"scss", css},
    {"sass", css},
    {"less", css},
    {"dart", dart},
    {"dockerfile", dockerfile},
    {"ex", elixir},
    {"exs", elixir},
    {"hs", haskell},
    {"lhs", haskell},
    {"html", html},
    {"htm", html},
    {"xhtml", html},
    {"vue", html},
    {"svelte", html},
    {"ini", ini},
    {"cfg", ini},
    {"conf", ini},
    {"properties", ini},
    {"json", json},
    {"jsonl", json},
    {"ndjson", json},
    {"json5", json},
    {"jsonc", json},
    {"geojson", json},
    {"ipynb", json},
    {"kt", kotlin},
    {"kts", kotlin},
    {"lua", lua},
    {"mk", make},
    {"mak", make},
    {"pl", perl},
    {"pm", perl},
    {"ps1", powershell},
    {"psm1", powershell},
    {"psd1", powershell},
    {"proto", protobuf},
    {"r", r},
    {"scala", scala},
    {"sc", scala},
    {"sbt", scala},
    {"sql", sql},
    {"swift", swift},
    {"toml", toml},
    {"xml", xml},
    {"xsd", xml},
    {"xsl", xml},
    {"xslt", xml},
    {"svg", xml},
    {"plist", xml},
    {"csproj", xml},
    {"yaml", yaml},
    {"yml", yaml},
    {"zig", zig},
});

// By the whole name, in small letters.
constexpr auto kFiles = std::to_array<Named>({
    {"makefile", make},
    {"gnumakefile", make},
    {"bsdmakefile", make},
    {"dockerfile", dockerfile},
    {"containerfile", dockerfile},
    {"cmakelists.txt", cmake},
    {"requirements.txt", text},
    {"rakefile", ruby},
    {"gemfile", ruby},
    {"guardfile", ruby},
    {"vagrantfile", ruby},
    {"brewfile", ruby},
    {"podfile", ruby},
    {"fastfile", ruby},
    {"sconstruct", python},
    {"sconscript", python},
    {"wscript", python},
    {"build", python},
    {"workspace", python},
    {"pkgbuild", bash},
    {"apkbuild", bash},
    {".bashrc", bash},
    {".bash_profile", bash},
    {".bash_aliases", bash},
    {".profile", bash},
    {".zshrc", bash},
    {".zshenv", bash},
    {"cargo.lock", toml},
    {"poetry.lock", toml},
    {"pipfile", toml},
    {".editorconfig", ini},
    {".gitconfig", ini},
    {".npmrc", ini},
    {".clang-format", yaml},
    {".clang-tidy", yaml},
    {".babelrc", json},
    {".eslintrc", json},
    {"composer.lock", json},
    {"readme", markdown},
});

// By the program that a shebang names, or the mode that an editor is asked for.
constexpr auto kPrograms = std::to_array<Named>({
    {"sh", bash},
    {"bash", bash},
    {"dash", bash},
    {"zsh", bash},
    {"ksh", bash},
    {"ash", bash},
    {"python", python},
    {"pypy", python},
    {"node", javascript},
    {"nodejs", javascript},
    {"deno", typescript},
    {"bun", typescript},
    {"ts-node", typescript},
    {"ruby", ruby},
    {"php", php},
    {"perl", perl},
    {"lua", lua},
    {"luajit", lua},
    {"rscript", r},
    {"pwsh", powershell},
    {"make", make},
    {"elixir", elixir},
    {"c++", cpp},
    {"cpp", cpp},
    {"c", c},
    {"rust", rust},
    {"js", javascript},
    {"shell-script", bash},
    {"markdown", markdown},
    {"yaml", yaml},
    {"json", json},
});

std::optional<Language> find(std::span<const Named> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named::first);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& each : out) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  return out;
}

bool is_word(char each) {
  return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
         (each >= '0' && each <= '9') || each == '_';
}

// Whether a line of the header begins with what C does not have, or "::" or "template" stand where C has no use for them.
bool looks_like_cpp(std::string_view text) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"class", "namespace", "template", "using", "public", "private", "protected", "constexpr",
       "virtual", "explicit", "friend", "operator", "noexcept", "nullptr", "typename",
       "consteval"});
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with("#include <") && line.find(".h>") == std::string_view::npos) return true;
    if (line.starts_with("//") || line.starts_with("*") || line.starts_with("/*") ||
        line.starts_with("#")) {
      continue;
    }
    for (std::string_view word : kWords) {
      if (line.starts_with(word) && (line.size() == word.size() || !is_word(line[word.size()])))
        return true;
    }
    const std::size_t scope = line.find("::");
    if (scope != std::string_view::npos && scope > 0 && is_word(line[scope - 1])) return true;
  }
  return false;
}

// "#!/usr/bin/env -S python3.11 -u" is python.
std::optional<Language> by_shebang(std::string_view line) {
  if (!line.starts_with("#!")) return std::nullopt;
  line.remove_prefix(2);
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    word.remove_prefix(word.find_last_of('/') + 1);  // npos + 1 is 0.
    if (word == "env" || word.starts_with("-") || word.find('=') != std::string_view::npos)
      continue;
    const std::string program = lower(word.substr(0, word.find_last_not_of("0123456789.") + 1));
    return find(kPrograms, program);
  }
  return std::nullopt;
}

// "-*- mode: c++; tab-width: 8 -*-" and "-*- c++ -*-" are C++.
std::optional<Language> by_mode_line(std::string_view line) {
  std::size_t begin = line.find("-*-");
  if (begin == std::string_view::npos) return std::nullopt;
  begin += 3;
  const std::size_t end = line.find("-*-", begin);
  if (end == std::string_view::npos) return std::nullopt;
  std::string mode = lower(line.substr(begin, end - begin));
  if (std::size_t key = mode.find("mode:"); key != std::string::npos) mode.erase(0, key + 5);
  mode.erase(0, mode.find_first_not_of(' '));
  mode.erase(std::min(mode.find_first_of(" ;"), mode.size()));
  return find(kPrograms, mode);
}

std::optional<Language> by_content(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string_view line = text.substr(0, std::min(text.find('\n'), std::size_t{512}));
  if (auto found = by_shebang(line)) return found;
  if (auto found = by_mode_line(line)) return found;
  if (line.starts_with("<?php")) return php;
  if (line.starts_with("<?xml")) return xml;
  const std::string start = lower(line.substr(0, 15));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) return html;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Language language) {
  return kNames[static_cast<std::size_t>(language)].first;
}

std::optional<Language> language_named(std::string_view name) { return find(kNames, name); }

Language detect_language(std::string_view path, std::string_view text) {
  constexpr std::size_t kLookedAt = 16 * 1024;
  text = text.substr(0, kLookedAt);
  const std::string name = lower(path.substr(path.find_last_of('/') + 1));
  if (auto found = find(kFiles, name)) return *found;
  if (name.starts_with("dockerfile.")) return dockerfile;
  if (name.starts_with("makefile.") && !name.ends_with(".md")) return make;
  std::string_view stem = name;
  if (stem.ends_with(".in")) stem.remove_suffix(3);  // A template of what it will be.
  const std::size_t dot = stem.find_last_of('.');
  if (dot != std::string_view::npos) {
    const std::string_view ending = stem.substr(dot + 1);
    if (ending == "h") {
      return by_mode_line(text.substr(0, text.find('\n'))).value_or(looks_like_cpp(text) ? cpp : c);
    }
    if (auto found = find(kEndings, ending)) return *found;
  }
  return by_content(text).value_or(Language::text);
}

bool is_prose(Language language) { return language <= tex; }

bool has_grammar(Language language) { return language >= bash && language <= typescript; }

}  // namespace leyden::syntax
