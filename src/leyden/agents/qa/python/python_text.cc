#include "leyden/agents/qa/python/python_text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/qa/python/python_class_tests.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

// What a literal of a floating-point number is compared with.
bool is_long_number(std::string_view text) {
  if (text.find('.') == std::string_view::npos ||
      text.find_first_not_of("-+.0123456789e") != std::string_view::npos)
    return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) > 7;
}

std::string equality(const std::string& expression, const std::string& text) {
  const bool is_constant = text == "None" || text == "True" || text == "False";
  const std::string value = is_long_number(text) ? fmt::format("pytest.approx({})", text) : text;
  return fmt::format("assert {} {} {}", expression, is_constant ? "is" : "==", value);
}

// An expression of the driver's for a part of an object, "{}.name", of this one.
std::string part_of(const std::string& place, const std::string& object) {
  const std::size_t at = place.find("{}");
  return place.substr(0, at) + object + place.substr(at + 2);
}

std::string assertion(const std::string& call, const Observation& expected) {
  if (expected.form == "nan") return fmt::format("assert math.isnan({})", call);
  if (expected.form == "items") return fmt::format("assert list({}) == {}", call, expected.text);
  if (expected.form == "repr") return fmt::format("assert repr({}) == {}", call, expected.text);
  if (expected.form == "matches")
    return fmt::format("assert re.fullmatch(r\"{}\", {})", expected.text, call);
  if (expected.form == "type")
    return fmt::format("assert type({}).__name__ == {}", call, expected.text);
  return equality(call, expected.text);
}

// Puts a file of tests together: what its tests need is known when all are written.
class TestFile {
 public:
  TestFile(const std::vector<Function>& functions, const PythonModule& module)
      : functions_(functions), module_(module) {
    if (!module.path_line.empty()) imports_.insert({"import pathlib", "import sys"});
  }

  void add(const TestCase& one) {
    const Function& function = functions_[one.function()];
    names_.insert(function.class_name.empty() ? function.name : function.class_name);
    for (const Value& value : one.input.construction) note_classes(value);
    for (const Step& step : one.input.steps) {
      for (const Value& value : step.arguments) note_classes(value);
    }
    names_.insert(one.expected.names.begin(), one.expected.names.end());
    const PythonCall call = python_call(one.input, functions_);
    std::vector<std::string> lines;
    if (one.expected.seeded) {
      imports_.insert("import random");
      lines.emplace_back("random.seed(0)");
    }
    std::string text = call_of(one, call, lines);
    if (one.expected.awaited) {
      imports_.insert("import asyncio");
      text = "asyncio.run(" + text + ")";
    }
    const bool raises = one.expected.outcome == Observation::Outcome::error;
    if (raises) {
      expect_error(one.expected, text, lines);
    } else {
      expect_value(one.expected, call, text, lines);
    }
    for (const std::string& line : lines) note_modules(line);
    observed_ += fmt::format("\n\ndef {}({}):\n", one.name,
                             !raises && !one.expected.printed.empty() ? "capsys" : "");
    for (const std::string& line : lines) observed_ += indented(line) + "\n";
  }

  void add(const SourceTest& one) {
    for (const std::string& line : one.imports) add_import(line);
    std::string support;
    for (const std::string& piece : one.support) {
      if (support_.insert(piece).second) support += "\n\n" + piece + "\n";
    }
    supported_ = support + supported_;
    const std::vector<ClassTest> of_class = python_class_tests(one.text);
    if (of_class.empty()) {
      written_ += "\n\n" + one.text + "\n";
    } else {
      tests_of(of_class[0].around) += "\n" + of_class[0].method + "\n";
    }
  }

  [[nodiscard]] std::string text() const {
    std::string out = fmt::format(
        "\"\"\"Tests of {}, made by `leyden test`.{}\"\"\"\n", module_.name,
        observed_.empty() ? ""
        : written_.empty() && classes_.empty()
            ? " They say what it does today: read them before you trust them."
            : " Those whose names end with a number say what it does today: read them before you "
              "trust them.");
    std::vector<std::string> others;  // Of packages, behind those of the standard library.
    bool any = false;
    for (const std::string& one : imports_) {
      if (one.starts_with("import pytest") || one.starts_with("from ")) {
        others.push_back(one);
      } else {
        out += one + "\n";
        any = true;
      }
    }
    if (any) out += "\n";
    for (const std::string& one : others) out += one + "\n";
    if (!others.empty()) out += "\n";
    if (!module_.path_line.empty()) out += module_.path_line + "\n\n";
    if (!names_.empty())
      out += fmt::format("from {} import {}\n", module_.name,
                         joined({names_.begin(), names_.end()}, ", "));
    out += supported_ + written_;
    for (const auto& [around, tests] : classes_)
      out += "\n\n" + around + "\n" + tests.substr(around.ends_with(':') ? 1 : 0);
    return out + observed_;
  }

 private:
  // A loop has two lines; no other line of a test is broken.
  static std::string indented(const std::string& line) {
    const std::size_t end = line.find('\n');
    return end == std::string::npos
               ? "    " + line
               : "    " + line.substr(0, end) + "\n    " + line.substr(end + 1);
  }

  // The tests of a class, as they stand in it.
  std::string& tests_of(const std::string& around) {
    for (auto& [known, tests] : classes_) {
      if (known == around) return tests;
    }
    return classes_.emplace_back(around, "").second;
  }

  // What a line uses of the standard library, as standard_values() and the driver's literal() write it.
  void note_modules(std::string_view line) {
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (quote != 0) {
        if (line[i] == '\\')
          ++i;
        else if (line[i] == quote)
          quote = 0;
        continue;
      }
      if (line[i] == '"' || line[i] == '\'') {
        quote = line[i];
        continue;
      }
      for (const std::string_view module : {"datetime", "decimal", "fractions", "io", "uuid"}) {
        if ((i == 0 || !is_part_of_name(line[i - 1])) && line.substr(i).starts_with(module) &&
            line.substr(i + module.size()).starts_with('.'))
          imports_.insert("import " + std::string(module));
      }
      if (line.substr(i).starts_with("SimpleNamespace("))
        imports_.insert("from types import SimpleNamespace");
    }
  }
  static bool is_part_of_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  }

  void note_classes(const Value& value) {
    if (value.kind == Value::Kind::object) names_.insert(value.text);
    // A member of an enumeration: `Color.RED`.
    const std::size_t dot = value.text.find_first_of(".(");
    if (value.kind == Value::Kind::expression && dot != std::string::npos &&
        value.text[dot] == '.' && value.text[0] >= 'A' && value.text[0] <= 'Z')
      names_.insert(value.text.substr(0, dot));
    for (const Value& item : value.items) note_classes(item);
  }

  // The call's text; `lines` get what stands before it.
  std::string call_of(const TestCase& one, const PythonCall& call,
                      std::vector<std::string>& lines) const {
    const bool named = !one.expected.changed.empty();
    const bool keeps_object =
        !one.expected.state.empty() || call.setup.size() > 1 || call.sets_property;
    if (named) {
      for (const auto& [name, text] : call.arguments)
        lines.push_back(fmt::format("{} = {}", name, text));
    }
    if (keeps_object || named) lines.insert(lines.end(), call.setup.begin(), call.setup.end());
    if (named) return call.call;
    if (!keeps_object) return call.inline_call;
    return call.kept_call;
  }

  void expect_error(const Observation& expected, const std::string& call,
                    std::vector<std::string>& lines) {
    imports_.insert("import pytest");
    if (expected.error_module == module_.name) {
      names_.insert(expected.error);
    } else if (expected.error_module != "builtins") {
      imports_.insert(fmt::format("from {} import {}", expected.error_module, expected.error));
    }
    lines.push_back(fmt::format("with pytest.raises({}):", expected.error));
    lines.push_back("    " + call);
  }

  void expect_value(const Observation& expected, const PythonCall& written, const std::string& call,
                    std::vector<std::string>& lines) {
    if (expected.form == "nan") imports_.insert("import math");
    if (expected.form == "matches") imports_.insert("import re");
    if (expected.form == "made") {
      lines.push_back(expected.state.empty()
                          ? fmt::format("assert isinstance({}, {})", call, expected.kind)
                          : fmt::format("{} = {}", written.receiver, call));
    } else if (written.sets_property) {
      lines.push_back(call);
    } else if (!expected.fields.empty()) {
      lines.push_back(fmt::format("{} = {}", written.result, call));
    } else {
      lines.push_back(assertion(call, expected));
    }
    for (const auto& [place, text] : expected.fields)
      lines.push_back(equality(part_of(place, written.result), text));
    for (const auto& [name, text] : expected.changed)
      lines.push_back(fmt::format("assert {} == {}", name, text));
    for (const auto& [place, text] : expected.state)
      lines.push_back(equality(part_of(place, written.receiver), text));
    if (std::ranges::any_of(lines, [](const std::string& line) {
          return line.find("pytest.approx") != std::string::npos;
        }))
      imports_.insert("import pytest");
    if (!expected.printed.empty())
      lines.push_back(fmt::format("assert capsys.readouterr().out == {}", expected.printed));
  }

  // What is imported of the module stands in one line.
  void add_import(const std::string& line) {
    const std::string ours = fmt::format("from {} import ", module_.name);
    if (!line.starts_with(ours) || line.find_first_of("(*#", ours.size()) != std::string::npos ||
        line.find(" as ") != std::string::npos) {
      imports_.insert(line);
      return;
    }
    for (std::size_t begin = ours.size(); begin < line.size();) {
      const std::size_t end = std::min(line.find(',', begin), line.size());
      std::string name = line.substr(begin, end - begin);
      std::erase(name, ' ');
      if (!name.empty()) names_.insert(std::move(name));
      begin = end + 1;
    }
  }

  const std::vector<Function>& functions_;
  const PythonModule& module_;
  std::set<std::string> names_;    // From the module.
  std::set<std::string> imports_;  // Of other modules.
  std::set<std::string> support_;
  std::string supported_;  // What written ones need.
  std::string written_;
  std::vector<std::pair<std::string, std::string>> classes_;  // Of written ones, and their tests.
  std::string observed_;
};

}  // namespace

std::string python_test_file(std::span<const TestCase> cases, std::span<const SourceTest> written,
                             const std::vector<Function>& functions, const PythonModule& module) {
  TestFile file(functions, module);
  for (const SourceTest& one : written) file.add(one);
  for (const TestCase& one : cases) file.add(one);
  return file.text();
}

}  // namespace leyden::qa
