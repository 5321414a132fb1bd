package leyden;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/** A thread for calls that may not end. They are bounded by its processor time, so that a busy machine changes nothing. */
final class Worker {
  private static final long WALL_MS_MAX = 3000;
  private static final long STOP_MS = 300;
  private static final ThreadMXBean TIMES = ManagementFactory.getThreadMXBean();

  private final SynchronousQueue<Runnable> tasks = new SynchronousQueue<>();
  private final SynchronousQueue<Boolean> done = new SynchronousQueue<>();
  private final Thread thread = new Thread(this::work, "calls");
  private double ms;

  Worker() {
    thread.setDaemon(true);
    thread.start();
  }

  private void work() {
    try {
      while (true) {
        tasks.take().run();
        done.put(true);
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private double processorMs() {
    return TIMES.getThreadCpuTime(thread.getId()) / 1e6;
  }

  /** How it ended: in time; stopped by a probe; not at all, and then this worker is lost. */
  enum End {
    IN_TIME,
    STOPPED,
    NEVER
  }

  /** Processor time of the last task. */
  double ms() {
    return ms;
  }

  End run(long limitMs, Runnable task) throws InterruptedException {
    double began = processorMs();
    long wall = System.nanoTime();
    tasks.put(task);
    while (done.poll(10, TimeUnit.MILLISECONDS) == null) {
      long passed = (System.nanoTime() - wall) / 1_000_000;
      if (processorMs() - began < limitMs && passed < WALL_MS_MAX) continue;
      Probes.stopped = true;
      boolean ended = done.poll(STOP_MS, TimeUnit.MILLISECONDS) != null;
      Probes.stopped = false;
      return ended ? End.STOPPED : End.NEVER;
    }
    ms = processorMs() - began;
    return End.IN_TIME;
  }
}
