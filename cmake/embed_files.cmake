# cmake -D OUT=file.cc -D FILES=a;b -D HEADER=x.h -D NAMESPACE=n -D FUNCTION=f -D TYPE=T -P embed_files.cmake: files as strings of the program,
# `const std::vector<T>& n::f()`, where T has `name` and `text`.
set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\nconst std::vector<${TYPE}>& ${FUNCTION}() {\n  static const std::vector<${TYPE}> all = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  # A literal has a length that compilers must take; longer ones are joined.
  string(LENGTH "${content}" length)
  set(at 0)
  string(APPEND text "      {.name = \"${name}\", .text = std::string()")
  while(at LESS length)
    string(SUBSTRING "${content}" ${at} 8000 part)
    string(APPEND text " +\n          R\"~~~(${part})~~~\"")
    math(EXPR at "${at} + 8000")
  endwhile()
  string(APPEND text "},\n")
endforeach()
string(APPEND text "  };\n  return all;\n}\n\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUT} "${text}")
