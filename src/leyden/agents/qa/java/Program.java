package leyden;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/** The tested classes with their table, as if they had just been loaded. */
final class Program implements AutoCloseable {
  final Table table;
  final Values values;
  private final URLClassLoader loader;

  /** What stands in an earlier folder hides what stands in a later one. */
  Program(String... folders) throws Exception {
    loader = loaderOf(folders);
    String name = System.getProperty("leyden.table");
    Class.forName(System.getProperty("leyden.target"), true, loader);
    table = (Table) loader.loadClass(name).getDeclaredConstructor().newInstance();
    values = new Values(loader, name.substring(0, name.lastIndexOf('.') + 1));
  }

  static URLClassLoader loaderOf(String... folders) throws Exception {
    URL[] urls = new URL[folders.length];
    for (int i = 0; i < urls.length; i++) urls[i] = Path.of(folders[i]).toUri().toURL();
    return new URLClassLoader(urls, Program.class.getClassLoader());
  }

  @Override
  public void close() throws Exception {
    loader.close();
  }
}
