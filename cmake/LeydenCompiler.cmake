# Flags for our own code only: an INTERFACE target that every Leyden target links to.
add_library(leyden_flags INTERFACE)
target_include_directories(leyden_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(leyden_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers -Wno-missing-field-initializers>)

if(LEYDEN_SANITIZE)
  # What a sanitizer adds keeps loops from being vectorized: no reason to fail.
  add_compile_options(-Wno-pass-failed)
  add_compile_options(-fsanitize=${LEYDEN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LEYDEN_SANITIZE})
endif()
if(LEYDEN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # So that the fuzzers see which code their inputs reach.
endif()
