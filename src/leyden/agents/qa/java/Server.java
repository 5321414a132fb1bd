package leyden;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Waits for requests, so that a virtual machine and a compiler start once for a file.
 *
 * <pre>java leyden.Server REQUESTS REPLIES REQUEST ANSWERS ERRORS</pre>
 *
 * A line of REQUESTS has a number and what is to be done: build, calls, mutants, tests; that reads REQUEST and writes ANSWERS. One of
 * REPLIES has the number and 0. What can't be stopped ends this process.
 */
public final class Server {
  private static final int THREADS_MAX = 40; // More were left behind by what ran: it ends, and the next request has a new one.

  private Server() {}

  public static void main(String[] arguments) throws Exception {
    System.setIn(new ByteArrayInputStream(new byte[0]));
    Builder builder = new Builder();
    try (BufferedReader requests = new BufferedReader(new FileReader(arguments[0]));
        OutputStream replies = new FileOutputStream(arguments[1])) {
      for (String line; (line = requests.readLine()) != null; ) {
        String[] parts = line.split(" ");
        System.setErr(new PrintStream(new FileOutputStream(arguments[4]), true));
        try (Answers answers = new Answers(Path.of(arguments[3]))) {
          run(parts[1], new Request(Files.readAllBytes(Path.of(arguments[2]))), answers, builder);
        } catch (Throwable trouble) {
          trouble.printStackTrace();
        }
        replies.write((parts[0] + " 0\n").getBytes(StandardCharsets.US_ASCII));
        if (Thread.activeCount() > THREADS_MAX) Runtime.getRuntime().halt(0);
      }
    }
  }

  private static void run(String what, Request in, Answers answers, Builder builder) throws Throwable {
    switch (what) {
      case "build":
        builder.build(in, answers);
        break;
      case "calls":
      case "mutants":
        new Calls(in, answers).run();
        break;
      default:
        new TestRunner(in, answers).run();
    }
  }
}
