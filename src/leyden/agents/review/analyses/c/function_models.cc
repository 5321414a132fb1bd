#include "leyden/agents/review/analyses/c/function_models.h"

#include <algorithm>
#include <array>

namespace leyden::review::c {
namespace {

struct Group {
  std::string_view names;
  FunctionModel model;
};

std::vector<FunctionModel> sorted(std::span<const Group> groups) {
  std::vector<FunctionModel> out;
  for (const Group& group : groups) {
    for (std::string_view rest = group.names; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      FunctionModel model = group.model;
      model.name = rest.substr(0, end);
      out.insert(std::ranges::upper_bound(out, model.name, {}, &FunctionModel::name), model);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

}  // namespace

std::span<const FunctionModel> Interpreter::models_of(std::string_view name) {
  using From = Buffer::From;
  // A name that stands twice is first what stands first, where the number of arguments fits.
  static const std::vector<FunctionModel> kModels = sorted(std::to_array<Group>({
      {"exit _exit _Exit abort longjmp siglongjmp quick_exit pthread_exit err errx verr verrx "
       "terminate __builtin_unreachable __builtin_trap unreachable ExitProcess",
       {.run = &Interpreter::call_end}},

      // Memory.
      {"malloc", {.least = 1, .run = &Interpreter::call_allocate, .uninitialized = true}},
      {"valloc", {.least = 1, .run = &Interpreter::call_allocate}},
      {"calloc reallocarray", {.least = 1, .run = &Interpreter::call_allocate_array}},
      {"realloc", {.least = 1, .run = &Interpreter::call_reallocate}},
      {"strdup", {.least = 1, .run = &Interpreter::call_duplicate}},
      {"strndup", {.least = 1, .run = &Interpreter::call_duplicate_part}},
      {"alloca",
       {.least = 1, .most = 1, .run = &Interpreter::call_allocate_on_stack, .macro = true}},
      {"_alloca __builtin_alloca",
       {.least = 1, .most = 1, .run = &Interpreter::call_allocate_on_stack}},
      {"free", {.least = 1, .most = 1, .run = &Interpreter::call_release, .from = From::malloc_}},
      {"fclose pclose closedir",
       {.least = 1, .most = 1, .run = &Interpreter::call_release, .from = From::file}},
      {"close",
       {.least = 1,
        .most = 1,
        .run = &Interpreter::call_release,
        .from = From::handle,
        .macro = true}},
      {"memcpy memmove", {.least = 3, .most = 3, .run = &Interpreter::call_copy, .sized_by = 2}},
      {"mempcpy", {.least = 3, .most = 3, .run = &Interpreter::call_copy}},
      {"memset", {.least = 2, .run = &Interpreter::call_fill, .sized_by = 2}},
      {"bzero", {.least = 2, .run = &Interpreter::call_fill, .sized_by = 1}},

      // Texts.
      {"strncpy", {.least = 3, .most = 3, .run = &Interpreter::call_copy_part, .sized_by = 2}},
      {"stpncpy", {.least = 3, .most = 3, .run = &Interpreter::call_copy_part}},
      {"strcpy", {.least = 2, .most = 2, .run = &Interpreter::call_copy_text}},
      {"stpcpy", {.least = 2, .most = 2, .run = &Interpreter::call_copy_text_to_end}},
      {"strcat", {.least = 2, .most = 2, .run = &Interpreter::call_append_text}},
      {"strncat", {.least = 3, .most = 3, .run = &Interpreter::call_append_part, .sized_by = 2}},
      {"strlen", {.least = 1, .most = 1, .run = &Interpreter::call_length}},
      {"printf vprintf", {.least = 1, .run = &Interpreter::call_format}},
      {"fprintf vfprintf dprintf syslog asprintf",
       {.least = 2, .run = &Interpreter::call_format, .at = 1}},
      {"sprintf vsprintf", {.least = 2, .run = &Interpreter::call_format_into, .at = 1}},
      {"snprintf",
       {.least = 3, .run = &Interpreter::call_format_into, .at = 2, .sized_by = 1, .macro = true}},
      {"vsnprintf", {.least = 3, .run = &Interpreter::call_format_into, .at = 2}},

      // Input.
      {"fgets", {.least = 3, .most = 3, .run = &Interpreter::call_read_line, .sized_by = 1}},
      {"recv read recvfrom pread", {.least = 3, .run = &Interpreter::call_receive}},
      {"fread", {.least = 4, .most = 4, .run = &Interpreter::call_read_items}},
      {"gets", {.least = 1, .most = 1, .run = &Interpreter::call_read_unbounded}},
      {"getenv", {.least = 1, .most = 1, .run = &Interpreter::call_environment, .macro = true}},
      {"secure_getenv", {.least = 1, .most = 1, .run = &Interpreter::call_environment}},
      {"scanf", {.run = &Interpreter::call_scan}},
      {"fscanf sscanf", {.run = &Interpreter::call_scan, .at = 1}},
      {"atoi", {.least = 1, .run = &Interpreter::call_whole_number, .bytes = 4}},
      {"atol atoll strtol strtoll", {.least = 1, .run = &Interpreter::call_whole_number}},
      {"strtoul strtoull",
       {.least = 1, .run = &Interpreter::call_whole_number, .is_signed = false}},
      {"atof strtod", {.run = &Interpreter::call_real_number}},

      // What else input may not decide.
      {"system _popen wordexp", {.least = 1, .run = &Interpreter::call_shell, .macro = true}},
      {"popen", {.least = 1, .run = &Interpreter::call_shell, .from = From::file, .macro = true}},
      {"execl execlp execle execv execvp execve execvpe posix_spawn posix_spawnp",
       {.run = &Interpreter::call_program, .macro = true}},
      {"fopen freopen opendir",
       {.least = 1, .run = &Interpreter::call_open_path, .from = From::file, .macro = true}},
      {"open creat",
       {.least = 1, .run = &Interpreter::call_open_path, .from = From::handle, .macro = true}},
      {"openat",
       {.least = 1,
        .run = &Interpreter::call_open_path,
        .at = 1,
        .from = From::handle,
        .macro = true}},
      {"tmpfile fdopen", {.run = &Interpreter::call_open_file}},
      {"putenv", {.least = 1, .run = &Interpreter::call_set_environment, .macro = true}},
      {"setenv", {.least = 1, .run = &Interpreter::call_set_environment, .at = 1}},
      {"sleep usleep", {.least = 1, .most = 1, .run = &Interpreter::call_wait, .macro = true}},
      {"assert", {.least = 1, .most = 1, .run = &Interpreter::call_assert}},

      // Look at what their pointers point to and keep nothing.
      {"strcmp strncmp strcasecmp strncasecmp memcmp strspn strcspn fnmatch",
       {.run = &Interpreter::call_look, .looks = true}},
      {"strchr strrchr strstr strpbrk",
       {.run = &Interpreter::call_look, .looks = true, .finds = true}},
      {"strlen strnlen wcslen puts fputs fputc putc putchar wprintf putwchar printf fprintf "
       "vprintf "
       "vfprintf dprintf syslog fwrite write send sendto perror fflush fseek ftell rewind feof "
       "ferror clearerr fileno fgetc getc ungetc getchar setvbuf setbuf atoi atol atoll strtol "
       "strtoul strtoll strtoull isatty lseek fstat fsync ftruncate unlink remove rename access "
       "stat chmod mkdir rmdir chdir abs labs llabs fabs sqrt isdigit isalpha isspace isalnum "
       "isxdigit isupper islower toupper tolower sleep usleep time srand rand signal assert htons "
       "htonl ntohs ntohl inet_addr",
       {.run = &Interpreter::call_look}},
  }));
  return std::ranges::equal_range(kModels, name, {}, &FunctionModel::name);
}

}  // namespace leyden::review::c
