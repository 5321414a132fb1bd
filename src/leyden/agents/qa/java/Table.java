package leyden;

/** The tested functions by number: made for each source, in its package, so that its calls are a compiler's. */
public interface Table {
  /** The object of a method's calls; null where there is none. */
  Object made(int function, Request in) throws Throwable;

  void call(int function, Object object, Request in, Call call) throws Throwable;
}
