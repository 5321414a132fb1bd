#include "leyden/agents/review/code_model.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "leyden/syntax/grammars.h"

namespace leyden::review {
namespace {

// The dotted names of all calls in a file.
std::vector<std::string> callees(const std::string& path, const std::string& text) {
  const SourceFile file = SourceFile::open(path, text);
  const CodeModel model(file);
  std::vector<std::string> out;
  for (const syntax::Node node : model.calls())
    out.push_back(model.callee(*call_of(file.language(), node, file.text())));
  return out;
}

using Names = std::vector<std::string>;

TEST(CodeModel, NamesWhatIsCalled) {
  EXPECT_EQ(callees("a.py",
                    "import subprocess as sp\nfrom os import system, path as p\nimport a.b\n"
                    "sp.run('x')\nsystem('y')\np.join('a')\na.b.c()\nd()\nd().e()\n"),
            (Names{"subprocess.run", "os.system", "os.path.join", "a.b.c", "d", "d().e", "d"}));
  EXPECT_EQ(
      callees("a.py",
              "import sqlite3\ndef f(n):\n    c = sqlite3.connect('x')\n    k = c.cursor()\n"
              "    k.execute(n)\n"),
      (Names{"sqlite3.connect", "sqlite3.connect().cursor", "sqlite3.connect().cursor().execute"}));
  EXPECT_EQ(
      callees("a.js",
              "const { exec: run } = require('child_process');\nimport fs from 'node:fs';\n"
              "import {a as b} from 'c';\nrun('x'); fs.readFileSync(y); b(); new Foo(1).bar();\n"),
      (Names{"require", "child_process.exec", "fs.readFileSync", "c.a", "Foo.bar", "Foo"}));
  EXPECT_EQ(
      callees(
          "A.java",
          "import java.util.Random;\nclass A { private Random r;\n void f(java.sql.Statement s) {"
          " s.execute(q); r.nextInt(); new Random().nextInt(); Runtime.getRuntime().exec(c); } "
          "}\n"),
      (Names{"java.sql.Statement.execute", "java.util.Random.nextInt", "java.util.Random.nextInt",
             "java.util.Random", "Runtime.getRuntime().exec", "Runtime.getRuntime"}));
  EXPECT_EQ(
      callees(
          "a.go",
          "package a\nimport (\n\"os/exec\"\nm \"math/rand\"\n)\nfunc f(w http.ResponseWriter) {"
          " exec.Command(\"x\"); m.Int(); w.Write(b) }\n"),
      (Names{"os/exec.Command", "math/rand.Int", "http.ResponseWriter.Write"}));
  EXPECT_EQ(
      callees("a.rs",
              "use std::process::{Command as C, exit};\nfn f() { C::new(\"x\"); exit(1); }\n"),
      (Names{"std.process.Command.new", "std.process.exit"}));
  EXPECT_EQ(callees("a.rb", "def f(x)\n  system(x)\n  Kernel.exec x\n  a.b.c(1)\nend\n"),
            (Names{"system", "Kernel.exec", "a.b.c", "a.b"}));
  EXPECT_EQ(
      callees("a.php",
              "<?php\nuse A\\B as C;\nmysqli_query($l, $q); $db->query($q); C::f(); new C(1);\n"),
      (Names{"mysqli_query", "$db.query", "A.B.f", "A.B"}));
  EXPECT_EQ(callees("a.cc", "void f() { std::system(c); strcpy(a, b); s.c_str(); p->g(); }\n"),
            (Names{"std.system", "strcpy", "s.c_str", "p.g"}));
}

// What of the last call's first argument is constant, and what flows into it from a call of source().
struct Seen {
  bool constant = false;
  bool tainted = false;
  bool in_loop = false;
};
Seen look(const std::string& path, const std::string& text) {
  const SourceFile file = SourceFile::open(path, text);
  const CodeModel model(file);
  CodeModel::Flow flow;
  Seen out;
  for (const syntax::Node node : model.calls()) {
    const auto call = call_of(file.language(), node, file.text());
    const std::string name = model.callee(*call);
    if (name == "source") flow.sources.insert(node.id());
    if (name == "clean") flow.cleaners.insert(node.id());
  }
  for (const syntax::Node node : model.calls()) {
    const auto call = call_of(file.language(), node, file.text());
    if (model.callee(*call) != "sink" || call->arguments.empty()) continue;
    out.constant = model.is_constant(call->arguments[0].value);
    out.tainted = static_cast<bool>(model.source_of(call->arguments[0].value, flow));
    out.in_loop = model.in_loop(node);
  }
  return out;
}

TEST(CodeModel, FollowsConstants) {
  EXPECT_TRUE(look("a.py", "x = 'a' + 'b'\nsink(x)\n").constant);
  EXPECT_TRUE(look("a.py", "def f():\n    x = 'a'\n    y = x + f'{x}c'\n    sink(y)\n").constant);
  EXPECT_FALSE(look("a.py", "def f(x):\n    sink('a' + x)\n").constant);
  EXPECT_FALSE(
      look("a.py", "def f(z):\n    x = 'a'\n    if z:\n        x = z\n    sink(x)\n").constant);
  EXPECT_TRUE(look("a.js", "const q = `a${1}`; sink(q);\n").constant);
  EXPECT_FALSE(look("a.js", "function f(b) { const q = `a${b}`; sink(q); }\n").constant);
  EXPECT_TRUE(look("a.go", "package a\nfunc f() { q := \"a\" + \"b\"; sink(q) }\n").constant);
  EXPECT_TRUE(look("a.c", "void f(void) { char *q = \"a\"; sink(q); }\n").constant);
  EXPECT_TRUE(look("a.js", "function f(b) { sink('a' + (b ? 'c' : 'd')); }\n").constant);
  EXPECT_FALSE(look("a.js", "function f(b) { sink(b ? 'c' : b); }\n").constant);
  EXPECT_TRUE(look("a.py", "def f(b):\n    sink('c' if b else 'd')\n").constant);
  EXPECT_FALSE(look("a.js", "sink(TABLE);\n").constant);
}

TEST(CodeModel, FollowsWhatFlows) {
  EXPECT_TRUE(look("a.py", "def f():\n    x = source()\n    y = 'a' + x\n    sink(y)\n").tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    x = source()\n    x = 'b'\n    sink(x)\n").tainted);
  EXPECT_TRUE(look("a.py", "def f(c):\n    x = source()\n    if c:\n        x = 'b'\n    sink(x)\n")
                  .tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    x = clean(source())\n    sink(x)\n").tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    sink(source() == 'a')\n").tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    sink(table[source()])\n").tainted);
  EXPECT_TRUE(look("a.py", "def f():\n    sink(source()['a'])\n").tainted);
  EXPECT_FALSE(look("a.php", "<?php\n$a = source(); sink($table[$a]);\n").tainted);
  EXPECT_TRUE(look("a.go", "package a\nfunc f() { sink(source()[0]) }\n").tainted);
  EXPECT_TRUE(look("a.py", "def f():\n    for x in source():\n        sink(x)\n").tainted);
  EXPECT_TRUE(look("a.py", "def f():\n    a = []\n    a.append(source())\n    sink(a)\n").tainted);
  EXPECT_TRUE(look("a.py", "def f():\n    x = ''\n    x += source()\n    sink(x)\n").tainted);
  EXPECT_FALSE(look("a.py", "def g():\n    x = source()\ndef f():\n    sink(x)\n").tainted);
  EXPECT_TRUE(
      look("a.py", "def f():\n    y = ''\n    while a:\n        sink(y)\n        y = source()\n")
          .tainted);
  EXPECT_TRUE(look("a.js", "function f() { const {a} = source(); sink(`x${a}`); }\n").tainted);
  EXPECT_TRUE(look("A.java",
                   "class A { void f() { String a = source(); String b = \"x\" + a; sink(b); } }\n")
                  .tainted);
  EXPECT_TRUE(
      look("a.go", "package a\nfunc f() { a, err := source(); sink(fmt.Sprintf(\"%s\", a)) }\n")
          .tainted);
  EXPECT_TRUE(look("a.rb", "def f\n  a = source()\n  sink(\"x #{a}\")\nend\n").tainted);
  EXPECT_TRUE(
      look("a.php", "<?php\nfunction f() { $a = source(); $b = \"x $a\"; sink($b); }\n").tainted);
  EXPECT_TRUE(
      look("a.rs", "fn f() { let a = source(); let b = format!(\"{}\", a); sink(b); }\n").tainted);
  EXPECT_TRUE(look("a.c", "void f(void) { char *a = source(); sink(a); }\n").tainted);
}

TEST(CodeModel, ValuesOfAListAreNoInput) {
  const auto tainted = [](const std::string& body, const char* file = "a.py") {
    return look(file, "NAMES = ('a', 'b')\ndef f():\n    x = source()\n" + body).tainted;
  };
  EXPECT_TRUE(tainted("    sink(x)\n"));
  EXPECT_FALSE(tainted("    if x not in NAMES:\n        return\n    sink(x)\n"));
  EXPECT_FALSE(tainted("    if x not in ('a', 'b'):\n        raise E()\n    sink('n' + x)\n"));
  EXPECT_FALSE(tainted("    if x not in NAMES:\n        x = 'a'\n    sink(x)\n"));
  EXPECT_FALSE(tainted("    if y and x in NAMES:\n        sink(x)\n"));
  EXPECT_FALSE(tainted("    if x == 'a':\n        sink(x)\n"));
  EXPECT_FALSE(tainted("    sink(x if x in allowed_names else 'a')\n"));
  EXPECT_FALSE(tainted("    if not (x in NAMES):\n        abort(400)\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    if y or x in NAMES:\n        sink(x)\n"));
  EXPECT_TRUE(tainted("    if x in NAMES:\n        log(x)\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    if x not in NAMES:\n        log(x)\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    if x not in seen:\n        return\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    if x not in NAMES:\n        return\n    x = source()\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    if x in NAMES:\n        pass\n    else:\n        sink(x)\n"));
  EXPECT_FALSE(tainted("    sink(TABLE[x])\n"));
  EXPECT_FALSE(tainted("    t = {'a': 'b'}\n    sink(t.get(x, 'c'))\n"));
  EXPECT_TRUE(tainted("    t = {'a': 'b'}\n    sink(t.get('a', x))\n"));
  EXPECT_TRUE(tainted("    sink(x.get('a'))\n"));
  EXPECT_FALSE(tainted("    if not x.isalnum():\n        return\n    sink(x)\n"));
  EXPECT_FALSE(tainted("    import re\n    if re.match('^[a-z-]+$', x):\n        sink(x)\n"));
  EXPECT_FALSE(tainted(
      "    import re\n    if re.fullmatch('[a-z.]+', x) is None:\n        return\n    sink(x)\n"));
  EXPECT_TRUE(tainted("    import re\n    if re.match('^[a-z-]+', x):\n        sink(x)\n"));
  EXPECT_TRUE(tainted("    import re\n    if re.match('^a.*$', x):\n        sink(x)\n"));
  EXPECT_TRUE(tainted("    sink(x['a'])\n"));
  EXPECT_FALSE(look("a.rb",
                    "def f\n  a = source()\n  return unless NAMES.include?(a)\n"
                    "  sink(a)\nend\n")
                   .tainted);
  EXPECT_FALSE(
      look("a.rb", "def f\n  a = source()\n  sink(a) if %w[a b].include?(a)\nend\n").tainted);
  EXPECT_FALSE(look("a.js",
                    "function f() { const a = source(); if (!ALLOWED.includes(a)) { return; } "
                    "sink(a); }\n")
                   .tainted);
}

TEST(CodeModel, KnowsTheWordsOfEachLanguage) {
  // Names of what is called.
  EXPECT_EQ(
      callees("a.ts", "class A { constructor(private db: Pool) {} f() { this.db.query(q); } }\n"),
      (Names{"Pool.query"}));
  EXPECT_EQ(
      callees("a.js", "import * as cp from 'node:child_process'; cp?.exec(a); (await g()).h();\n"),
      (Names{"child_process.exec", "g().h", "g"}));
  EXPECT_EQ(
      callees("A.java",
              "import java.sql.*;\nclass A { void f() { try (Statement s = c.createStatement(); "
              "ResultSet r = s.executeQuery(q)) { r.next(); } } }\n"),
      (Names{"c.createStatement", "Statement.executeQuery", "ResultSet.next"}));
  EXPECT_EQ(
      callees("a.php",
              "<?php\nclass A { private PDO $db; function f(Request $r) { $this->db->query($q); "
              "$r->input('x'); } }\n"),
      (Names{"PDO.query", "Request.input"}));
  // Flow.
  EXPECT_TRUE(
      look("a.go", "package a\nfunc f() { var a, b = 1, source()\n _ = a\n sink(b) }\n").tainted);
  EXPECT_FALSE(
      look("a.go", "package a\nfunc f() { var a, b = 1, source()\n _ = b\n sink(a) }\n").tainted);
  EXPECT_TRUE(look("a.js", "function f() { const {a = 1, ...b} = source(); sink(a); }\n").tainted);
  EXPECT_FALSE(
      look("a.js", "function f() { const c = source(); const {a = c} = g(); sink(c == a); }\n")
          .tainted);
  EXPECT_TRUE(look("a.js", "source().forEach((x) => { sink(x.y); });\n").tainted);
  EXPECT_TRUE(look("A.java", "class A { void f() { source().forEach(x -> sink(x)); } }\n").tainted);
  EXPECT_TRUE(look("a.rb", "source().each do |x|\n  sink(x)\nend\n").tainted);
  EXPECT_TRUE(look("a.rb", "a = source()\nsink(<<~E)\n  x #{a}\nE\n").tainted);
  EXPECT_TRUE(look("a.rb", "sink(<<~E)\n  x\nE\n").constant);
  EXPECT_TRUE(look("a.rs", "fn f() { let a = source(); sink(format!(\"x {a:?}\")); }\n").tainted);
  EXPECT_FALSE(look("a.rs", "fn f(a: &str) { sink(format!(\"x {a}\")); }\n").constant);
  EXPECT_TRUE(look("a.php", "<?php\n$a = source(); sink(<<<E\nx $a\nE);\n").tainted);
  EXPECT_TRUE(
      look("a.php", "<?php\nforeach (source() as $k => $v) { sink(\"x {$v}\"); }\n").tainted);
  EXPECT_TRUE(look("a.php", "<?php\n[$a, $b] = source(); sink('x' . $b);\n").tainted);
}

TEST(CodeModel, KnowsTextThatIsPutTogether) {
  const auto built = [](const std::string& path, const std::string& text) {
    const SourceFile file = SourceFile::open(path, text);
    const CodeModel model(file);
    CodeModel::Flow flow;
    for (const syntax::Node node : model.calls()) {
      const auto call = call_of(file.language(), node, file.text());
      if (model.callee(*call) == "clean") flow.cleaners.insert(node.id());
    }
    for (const syntax::Node node : model.calls()) {
      const auto call = call_of(file.language(), node, file.text());
      if (model.callee(*call) == "sink") return model.is_built(call->arguments.at(0).value, flow);
    }
    return false;
  };
  EXPECT_TRUE(built("a.js", "function f(a) { let q = 'x '; q += a; sink(q); }\n"));
  EXPECT_TRUE(built("a.js", "function f(a) { sink(a ? `x ${a}` : 'y'); }\n"));
  EXPECT_FALSE(built("a.js", "function f(a) { sink(a); }\n"));
  EXPECT_FALSE(built("a.js", "const a = 'x'; sink(a + 'y');\n"));
  EXPECT_FALSE(built("a.js", "function f(a, b) { sink(a + b); }\n"));
  EXPECT_TRUE(
      built("a.go", "package a\nfunc f(a string) { q := fmt.Sprintf(\"x %s\", a)\n sink(q) }\n"));
  EXPECT_FALSE(built("a.go", "package a\nfunc f(a string) { sink(fmt.Sprintf(\"x\")) }\n"));
  EXPECT_TRUE(built("A.java",
                    "class A { void f(String a) { StringBuilder b = new StringBuilder(\"x\"); "
                    "b.append(a); sink(b.toString()); } }\n"));
  EXPECT_TRUE(built("a.php", "<?php\nfunction f($a) { sink(\"x $a\"); }\n"));
  EXPECT_TRUE(built("a.rb", "def f(a)\n  sink(\"x %s\" % a)\nend\n"));
  EXPECT_FALSE(built("a.rb", "def f(a)\n  sink(a)\nend\n"));
  // What a cleaner gives, and what is named as a constant of another file is.
  EXPECT_FALSE(built("a.js", "function f(a) { let q = 'x '; q += clean(a); sink(q); }\n"));
  EXPECT_TRUE(built("a.js", "function f(a, b) { sink(`x ${clean(a)} ${b}`); }\n"));
  EXPECT_FALSE(built("A.java", "class A { void f() { sink(\"x \" + Tables.USERS + NAME); } }\n"));
  EXPECT_FALSE(built("A.java", "class A { void f(String a) { sink(\"x \" + (a != null)); } }\n"));
  EXPECT_TRUE(built("A.java", "class A { void f(String NAME) { sink(\"x \" + NAME); } }\n"));
  EXPECT_FALSE(built("a.php", "<?php\nsink('x ' . self::TABLE . PREFIX . clean($a));\n"));
  EXPECT_TRUE(built("a.rs", "fn f(a: &str) { let q = format!(\"x {}\", a); sink(&q); }\n"));
}

TEST(CodeShape, NamesTypesThatTheGrammarsHave) {
  std::set<std::string_view> known;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto language = static_cast<syntax::Language>(i);
    const TSLanguage* grammar =
        syntax::has_grammar(language) ? syntax::grammar_of(language) : nullptr;
    if (grammar == nullptr) continue;
    for (std::uint32_t symbol = 0; symbol < ts_language_symbol_count(grammar); ++symbol)
      known.insert(ts_language_symbol_name(grammar, static_cast<TSSymbol>(symbol)));
  }
  for (const std::string_view type : shape_types()) EXPECT_TRUE(known.contains(type)) << type;
}

TEST(CodeModel, KnowsLoops) {
  EXPECT_TRUE(look("a.py", "for x in y:\n    sink(x)\n").in_loop);
  EXPECT_FALSE(look("a.py", "for x in sink(y):\n    pass\n").in_loop);
  EXPECT_FALSE(look("a.py", "for x in y:\n    def f():\n        sink(x)\n").in_loop);
  EXPECT_TRUE(look("a.js", "for (const x of y) { sink(x); }\n").in_loop);
  EXPECT_TRUE(look("a.go", "package a\nfunc f() { for i := 0; i < n; i++ { sink(i) } }\n").in_loop);
  EXPECT_TRUE(look("a.py", "z = [sink(x) for x in y]\n").in_loop);
}

}  // namespace
}  // namespace leyden::review
