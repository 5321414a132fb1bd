# leyden_module(<name> NEEDS <modules...> [LIBRARIES <targets...>]
#   SOURCES <files...> [TESTS <files...>] [LIVE_TESTS <files...>] [BENCH <files...>] [FUZZ <files...>])
#
# One folder, one namespace, one target `leyden::<name>`. NEEDS are the arrows of the architecture, written
# once: tools/check_arrows.py reads them and prints every #include that they do not name. A file that
# is not there yet is an error of CMake's; TESTS become one executable whose cases ctest lists one by one;
# LIVE_TESTS, which share servers that take seconds to start, one that ctest runs as a whole.
function(leyden_module name)
  cmake_parse_arguments(M "" "" "NEEDS;LIBRARIES;TEST_LIBRARIES;SOURCES;TESTS;LIVE_TESTS;BENCH;FUZZ" ${ARGN})
  set(target leyden_${name})
  if(M_SOURCES)
    add_library(${target} STATIC ${M_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(leyden::${name} ALIAS ${target})
  target_link_libraries(${target} ${scope} leyden_flags Threads::Threads fmt::fmt ${M_LIBRARIES})
  foreach(need IN LISTS M_NEEDS)
    target_link_libraries(${target} ${scope} leyden::${need})
  endforeach()

  if(LEYDEN_TESTS AND M_TESTS)
    add_executable(${name}_test ${M_TESTS})
    target_link_libraries(${name}_test PRIVATE leyden::${name} ${M_TEST_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE LEYDEN_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                                    LEYDEN_CACHE_DIR="${LEYDEN_CACHE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  endif()

  if(LEYDEN_TESTS AND M_LIVE_TESTS)
    add_executable(${name}_live_test ${M_LIVE_TESTS})
    target_link_libraries(${name}_live_test PRIVATE leyden::${name} ${M_TEST_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_live_test PRIVATE LEYDEN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name}.live COMMAND ${name}_live_test)
    set_tests_properties(${name}.live PROPERTIES TIMEOUT 300)
  endif()

  # A fuzz file defines LLVMFuzzerTestOneInput; without libFuzzer it replays its corpus under ctest.
  foreach(file IN LISTS M_FUZZ)
    get_filename_component(fuzzer ${file} NAME_WE)
    add_executable(${fuzzer} ${file})
    target_link_libraries(${fuzzer} PRIVATE leyden::${name})
    target_compile_definitions(${fuzzer} PRIVATE LEYDEN_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                                 LEYDEN_CACHE_DIR="${LEYDEN_CACHE_DIR}")
    if(LEYDEN_FUZZ)
      target_compile_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(${fuzzer} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/replay.cc)
      add_test(NAME fuzz_replay.${fuzzer} COMMAND ${fuzzer} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${fuzzer})
    endif()
  endforeach()

  foreach(file IN LISTS M_BENCH)
    get_filename_component(bench ${file} NAME_WE)
    add_executable(${bench} ${file})
    target_link_libraries(${bench} PRIVATE leyden::${name})
  endforeach()
endfunction()
