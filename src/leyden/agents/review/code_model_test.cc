#include "leyden/agents/review/code_model.h"

#include <gtest/gtest.h>

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
}

TEST(CodeModel, FollowsWhatFlows) {
  EXPECT_TRUE(look("a.py", "def f():\n    x = source()\n    y = 'a' + x\n    sink(y)\n").tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    x = source()\n    x = 'b'\n    sink(x)\n").tainted);
  EXPECT_TRUE(look("a.py", "def f(c):\n    x = source()\n    if c:\n        x = 'b'\n    sink(x)\n")
                  .tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    x = clean(source())\n    sink(x)\n").tainted);
  EXPECT_FALSE(look("a.py", "def f():\n    sink(source() == 'a')\n").tainted);
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
