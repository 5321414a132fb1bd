package leyden;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles in this process. Request: where to, class path, source path, files. Answer: what is wrong, "/leyden/Shop.java:3: error: ...". */
final class Builder {
  private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
  private final StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);

  void build(Request in, Answers answers) throws Throwable {
    Path folder = Path.of(in.text());
    String classPath = in.text();
    String sourcePath = in.text();
    List<String> sources = in.list(in::text);
    clear(folder);
    List<String> options = new ArrayList<>(List.of("-d", folder.toString(), "-cp", classPath, "-proc:none", "-nowarn", "-Xlint:none", "-g", "-encoding", "UTF-8", "-Xmaxerrs", "10000",
        "-implicit:class"));
    options.addAll(List.of("-sourcepath", sourcePath));
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    boolean good = compiler.getTask(null, files, said, options, null, files.getJavaFileObjectsFromStrings(sources)).call();
    StringBuilder message = new StringBuilder();
    for (Diagnostic<? extends JavaFileObject> one : said.getDiagnostics()) {
      if (one.getKind() != Diagnostic.Kind.ERROR) continue;
      if (one.getSource() != null) message.append(one.getSource().getName()).append(':').append(one.getLineNumber()).append(": ");
      message.append("error: ").append(one.getMessage(Locale.ENGLISH).replace('\n', ' ')).append('\n');
    }
    if (!good && message.length() == 0) message.append("error: javac fails\n");
    answers.put("message", message.toString());
  }

  private static void clear(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path one : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) Files.delete(one);
      }
    }
    Files.createDirectories(folder);
  }
}
