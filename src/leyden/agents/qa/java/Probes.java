package leyden;

/** What is put into a Java source calls this. One byte a probe; which mutant is on, from 0; the line of the last throw. */
public final class Probes {
  static final byte[] hits = new byte[65536];
  static volatile boolean stopped;
  static int mutant = -1;
  static int thrown;

  private Probes() {}

  /** A call that took too long ends at its next probe. */
  static final class Stopped extends Error {
    private static final long serialVersionUID = 1;

    Stopped() {
      super(null, null, false, false);
    }
  }

  public static void hit(int probe) {
    hits[probe] = 1;
    tick();
  }

  public static boolean when(boolean taken, int yes, int no) {
    hit(taken ? yes : no);
    return taken;
  }

  public static void thrown(int line) {
    thrown = line;
  }

  /** In the loops of mutants, which have no other probes. */
  public static void tick() {
    if (stopped) throw new Stopped();
  }

  public static boolean is(int number) {
    return mutant == number;
  }
}
