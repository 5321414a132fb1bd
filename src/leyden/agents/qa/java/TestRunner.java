package leyden;

import java.io.PrintStream;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests by JUnit, each run with classes that have just been loaded.
 *
 * <p>Request: folders of classes, test classes, whether a name has its class, milliseconds that a run may take, the first run's number, then of each run the mutant that is
 * on (-1: none), the seed of its order (0: as it is) and a test's name (empty: all). Answers: {run, test, passed, failure} of each test, {run,
 * reached} at a run's end; {ended} where one took too long, and the process ends with it.
 */
final class TestRunner {
  private static final int FAILURE_MAX = 500;

  private final Request in;
  private final Answers answers;
  private boolean withClass;

  TestRunner(Request in, Answers answers) {
    this.in = in;
    this.answers = answers;
  }

  void run() throws Throwable {
    System.setOut(new PrintStream(PrintStream.nullOutputStream()));
    String[] folders = in.list(in::text).toArray(new String[0]);
    List<String> classes = in.list(in::text);
    withClass = in.truth();
    long limitMs = in.number();
    int run = (int) in.number();
    for (long count = in.number(); count > 0; count--, run++) {
      Probes.mutant = (int) in.number();
      long seed = in.number();
      String only = in.text();
      Arrays.fill(Probes.hits, (byte) 0);
      bounded(folders, classes, seed, only, run, limitMs);
      List<Integer> reached = new ArrayList<>();
      for (int i = 0; i < Probes.hits.length; i++) {
        if (Probes.hits[i] != 0) reached.add(i);
      }
      answers.put("run", run, "reached", reached);
    }
  }

  private void bounded(String[] folders, List<String> classes, long seed, String only, int run, long limitMs) throws Exception {
    Thread thread = new Thread(() -> execute(folders, classes, seed, only, run), "tests");
    thread.start();
    thread.join(limitMs);
    if (!thread.isAlive()) return;
    answers.put("run", run, "ended", true);
    Runtime.getRuntime().halt(3);
  }

  private void execute(String[] folders, List<String> classes, long seed, String only, int run) {
    try (URLClassLoader loader = Program.loaderOf(folders)) {
      Thread.currentThread().setContextClassLoader(loader);
      List<DiscoverySelector> selectors = new ArrayList<>();
      for (String name : classes) {
        Class<?> one = loader.loadClass(name);
        selectors.add(only.isEmpty() ? DiscoverySelectors.selectClass(one) : DiscoverySelectors.selectMethod(one, only));
      }
      Map<String, String> order = new HashMap<>();
      if (seed != 0) {
        order.put("junit.jupiter.testmethod.order.default", "org.junit.jupiter.api.MethodOrderer$Random");
        order.put("junit.jupiter.execution.order.random.seed", Long.toString(seed));
      }
      LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request().selectors(selectors).configurationParameters(order).build();
      Launcher launcher = LauncherFactory.create();
      launcher.execute(request, new Listener(run));
    } catch (Throwable trouble) {
      say("run", run, "trouble", trouble.toString());
    }
  }

  private void say(Object... parts) {
    try {
      answers.put(parts);
    } catch (java.io.IOException lost) {
      Runtime.getRuntime().halt(9);
    }
  }

  private String nameOf(TestIdentifier test) {
    return test.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast)
        .map(source -> (withClass ? source.getClassName() + "." : "") + source.getMethodName()).orElse(test.getDisplayName());
  }

  private final class Listener implements TestExecutionListener {
    private final int run;

    Listener(int run) {
      this.run = run;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      boolean passed = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
      String failure = result.getThrowable().map(this::said).orElse("");
      if (test.isTest()) {
        say("run", run, "test", nameOf(test), "passed", passed, "failure", failure);
      } else if (!passed) {
        say("run", run, "trouble", failure);
      }
    }

    private String said(Throwable thrown) {
      String text = thrown instanceof AssertionError ? String.valueOf(thrown.getMessage()) : thrown.toString();
      StackTraceElement[] trace = thrown.getStackTrace();
      if (!(thrown instanceof AssertionError) && trace.length > 0) text += " at " + trace[0];
      return text.length() > FAILURE_MAX ? text.substring(0, FAILURE_MAX) : text;
    }
  }
}
