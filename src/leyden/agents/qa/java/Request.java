package leyden;

import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Values in a request: one letter for the kind, then what belongs to it: i-5 r1.5 b1 s3:abc l2 ... n. Sizes are bytes. */
public final class Request {
  private final String text; // A byte a character.
  private int at;

  Request(byte[] bytes) {
    this(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  Request(String text) {
    this.text = text;
  }

  /** From the beginning. */
  Request again() {
    return new Request(text);
  }

  /** What gives a value, whatever it throws. */
  public interface Maker<T> {
    T make() throws Throwable;
  }

  char next() {
    while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) at++;
    return at < text.length() ? text.charAt(at) : 0;
  }

  private String word() {
    next();
    int begin = ++at;
    while (at < text.length() && " \n:".indexOf(text.charAt(at)) < 0) at++;
    return text.substring(Math.min(begin, text.length()), at);
  }

  public long number() {
    if (next() == 'r') return (long) real();
    String digits = word();
    return digits.isEmpty() ? 0 : Long.parseLong(digits);
  }

  public double real() {
    next();
    String digits = word();
    switch (digits) {
      case "":
        return 0;
      case "nan":
        return Double.NaN;
      case "inf":
        return Double.POSITIVE_INFINITY;
      case "-inf":
        return Double.NEGATIVE_INFINITY;
      default:
        return Double.parseDouble(digits);
    }
  }

  public boolean truth() {
    return number() != 0;
  }

  String bytes(int size) {
    int begin = at;
    at += size;
    return text.substring(begin, at);
  }

  public String text() {
    int size = (int) number();
    at++;
    return new String(bytes(size).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  public char character() {
    int size = (int) number();
    at++;
    return bytes(size).charAt(0);
  }

  /** Of another request that stands in this one. */
  Request part() {
    int size = (int) number();
    next();
    return new Request(bytes(size));
  }

  public <T> List<T> list(Maker<T> item) throws Throwable {
    List<T> out = new ArrayList<>();
    for (long count = number(); count > 0; count--) out.add(item.make());
    return out;
  }

  public Object array(Class<?> of, Maker<?> item) throws Throwable {
    Object out = Array.newInstance(of, (int) number());
    for (int i = 0; i < Array.getLength(out); i++) Array.set(out, i, item.make());
    return out;
  }

  public <K, V> Map<K, V> map(Maker<K> key, Maker<V> value) throws Throwable {
    Map<K, V> out = new TreeMap<>();
    for (long count = number(); count > 1; count -= 2) {
      K one = key.make();
      out.put(one, value.make());
    }
    return out;
  }

  public <T> T nullable(Maker<T> of) throws Throwable {
    if (next() != 'n') return of.make();
    at++;
    return null;
  }

  public <T> Optional<T> optional(Maker<T> of) throws Throwable {
    return Optional.ofNullable(nullable(of));
  }

  @SafeVarargs
  public final <T> T choice(Maker<T>... choices) throws Throwable {
    return choices[(int) (number() % choices.length)].make();
  }

  /** An object whose parts follow. */
  public <T> T object(Maker<T> maker) throws Throwable {
    number();
    return maker.make();
  }

  /** int or String. */
  public Object any() {
    switch (next()) {
      case 's':
        return text();
      case 'b':
        return truth();
      case 'r':
        return real();
      case 'i':
        return (int) number();
      default:
        at++;
        return null;
    }
  }
}
