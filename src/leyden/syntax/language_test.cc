#include "leyden/syntax/language.h"

#include <gtest/gtest.h>

#include "leyden/syntax/grammars.h"

namespace leyden::syntax {
namespace {

TEST(Language, IsKnownByTheNameOfTheFile) {
  EXPECT_EQ(detect_language("src/a.cc", ""), Language::cpp);
  EXPECT_EQ(detect_language("A.PY", ""), Language::python);
  EXPECT_EQ(detect_language("x/y.d.ts", ""), Language::typescript);
  EXPECT_EQ(detect_language("App.jsx", ""), Language::javascript);
  EXPECT_EQ(detect_language("README.md", ""), Language::markdown);
  EXPECT_EQ(detect_language("x/Makefile", ""), Language::make);
  EXPECT_EQ(detect_language("Dockerfile.test", ""), Language::dockerfile);
  EXPECT_EQ(detect_language("x/CMakeLists.txt", ""), Language::cmake);
  EXPECT_EQ(detect_language("config.h.in", "#define X 1\n"), Language::c);
  EXPECT_EQ(detect_language("LICENSE", "Words.\n"), Language::text);
  EXPECT_EQ(detect_language("", ""), Language::text);
  EXPECT_EQ(detect_language("folder/", ""), Language::text);
}

TEST(Language, IsKnownByTheFirstLines) {
  EXPECT_EQ(detect_language("run", "#!/bin/sh\n"), Language::bash);
  EXPECT_EQ(detect_language("run", "#!/usr/bin/env -S python3.11 -u\n"), Language::python);
  EXPECT_EQ(detect_language("run", "#! /usr/bin/env node\n"), Language::javascript);
  EXPECT_EQ(detect_language("run", "#!/usr/bin/awk -f\n"), Language::text);
  EXPECT_EQ(detect_language("run", "#!"), Language::text);
  EXPECT_EQ(detect_language("map", "// -*- mode: C++; tab-width: 8 -*-\n"), Language::cpp);
  EXPECT_EQ(detect_language("index", "<?php echo 1;"), Language::php);
  EXPECT_EQ(detect_language("index", "<!DOCTYPE html>\n"), Language::html);
}

TEST(Language, AHeaderIsCppWhereOnlyCppReadsSo) {
  EXPECT_EQ(detect_language("a.h", "#pragma once\nint f(void);\n"), Language::c);
  EXPECT_EQ(detect_language("a.h", "#include <stdio.h>\n// a class of things\nstruct a;\n"),
            Language::c);
  EXPECT_EQ(detect_language("a.h", "#include <string>\n"), Language::cpp);
  EXPECT_EQ(detect_language("a.h", "struct a {\n public:\n};\n"), Language::cpp);
  EXPECT_EQ(detect_language("a.h", "int f(std::size_t n);\n"), Language::cpp);
}

TEST(Language, HasANameAndMayHaveAGrammar) {
  for (int i = 0; i <= static_cast<int>(Language::zig); ++i) {
    const auto language = static_cast<Language>(i);
    EXPECT_EQ(language_named(to_string(language)), language);
    EXPECT_EQ(has_grammar(language), grammar_of(language) != nullptr) << to_string(language);
  }
  EXPECT_EQ(language_named("klingon"), std::nullopt);
}

}  // namespace
}  // namespace leyden::syntax
