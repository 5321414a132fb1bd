#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leyden::syntax {

// What a text is written in. `text` is everything that is not known as something else.
enum class Language : std::uint8_t {
  text,
  markdown,
  restructuredtext,
  asciidoc,
  org,
  tex,
  bash,
  c,
  cpp,
  csharp,
  go,
  java,
  javascript,  // JSX, too.
  php,
  python,
  ruby,
  rust,
  tsx,
  typescript,
  cmake,
  css,
  dart,
  dockerfile,
  elixir,
  haskell,
  html,
  ini,
  json,
  kotlin,
  lua,
  make,
  perl,
  powershell,
  protobuf,
  r,
  scala,
  sql,
  swift,
  toml,
  xml,
  yaml,
  zig,
};

// "cpp", "python", "markdown": the enumerator's own name, for filters and reports.
[[nodiscard]] std::string_view to_string(Language language);
[[nodiscard]] std::optional<Language> language_named(std::string_view name);

// Of a document, by its name, else by what its first lines say: a shebang, an editor's mode line, `<?php`, `<?xml`. A header `.h` is C++
// where the text uses words that only C++ has. Looks at the first 16 KiB at most; never fails.
[[nodiscard]] Language detect_language(std::string_view path, std::string_view text);

// Prose with headings, as opposed to code and data.
[[nodiscard]] bool is_prose(Language language);

// Whether parse() can parse it.
[[nodiscard]] bool has_grammar(Language language);

}  // namespace leyden::syntax
