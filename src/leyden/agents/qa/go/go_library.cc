#include "leyden/agents/qa/go/go_library.h"

namespace leyden::qa {
namespace {

template <class Of>
const Of& found_or_none(const std::map<std::string, Of>& all, const std::string& name) {
  static const Of none{};
  const auto found = all.find(name);
  return found == all.end() ? none : found->second;
}

}  // namespace

std::string_view go_made_of_text(const std::string& type) {
  static const std::map<std::string, std::string> all = {
      {"io.Reader", "strings.NewReader({})"},
      {"io.RuneReader", "strings.NewReader({})"},
      {"io.RuneScanner", "strings.NewReader({})"},
      {"io.ByteReader", "strings.NewReader({})"},
      {"io.ByteScanner", "strings.NewReader({})"},
      {"io.ReaderAt", "strings.NewReader({})"},
      {"io.Seeker", "strings.NewReader({})"},
      {"io.ReadSeeker", "strings.NewReader({})"},
      {"io.ReadCloser", "io.NopCloser(strings.NewReader({}))"},
      {"io.ReadWriter", "bytes.NewBufferString({})"},
      {"fmt.Stringer", "bytes.NewBufferString({})"},
      {"*bytes.Buffer", "bytes.NewBufferString({})"},
      {"*bytes.Reader", "bytes.NewReader([]byte({}))"},
      {"*strings.Reader", "strings.NewReader({})"},
      {"*bufio.Reader", "bufio.NewReader(strings.NewReader({}))"},
      {"*bufio.Scanner", "bufio.NewScanner(strings.NewReader({}))"}};
  return found_or_none(all, type);
}

const std::vector<std::string>& go_library_values(const std::string& type) {
  static const std::vector<std::string> writer = {"&bytes.Buffer{}"};
  static const std::map<std::string, std::vector<std::string>> all = {
      {"error", {"nil", "errors.New(\"broken\")"}},
      {"io.Writer", writer},
      {"io.StringWriter", writer},
      {"io.ByteWriter", writer},
      {"*strings.Builder", {"&strings.Builder{}"}},
      {"context.Context", {"context.Background()"}},
      {"sort.Interface", {"sort.IntSlice{3, 1, 2}", "sort.StringSlice{}"}},
      {"*rand.Rand", {"rand.New(rand.NewSource(1))", "rand.New(rand.NewSource(2))"}},
      {"*regexp.Regexp", {"regexp.MustCompile(\"[a-c]+\")", "regexp.MustCompile(\"(\\\\d+)\")"}},
      {"*big.Int", {"big.NewInt(0)", "big.NewInt(7)", "big.NewInt(-12)", "big.NewInt(1 << 40)"}},
      {"*url.URL",
       {"&url.URL{Scheme: \"https\", Host: \"example.org\", Path: \"/a/b\", RawQuery: \"x=1\"}",
        "&url.URL{}"}},
      {"url.Values", {"url.Values{}", "url.Values{\"x\": {\"1\", \"2\"}}"}},
      {"http.Header", {"http.Header{}", "http.Header{\"Accept\": {\"text/html\"}}"}},
      {"http.ResponseWriter", {"httptest.NewRecorder()"}},
      {"*http.Request",
       {"httptest.NewRequest(\"GET\", \"/\", nil)",
        "httptest.NewRequest(\"POST\", \"/a?x=1\", strings.NewReader(\"{}\"))"}},
      {"*time.Location", {"time.UTC"}},
      // All of one zone: where tests run is not known.
      {"time.Time",
       {"time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC)",
        "time.Date(2011, 4, 25, 0, 0, 0, 0, time.UTC)",
        "time.Date(1969, 12, 31, 12, 30, 0, 500, time.UTC)", "time.Time{}"}}};
  return found_or_none(all, type);
}

const std::vector<GoLibraryMethod>& go_library_methods(const std::string& interface) {
  static const GoLibraryMethod close = {"Close", "Close() error", "return stub.err"};
  static const GoLibraryMethod read = {
      "Read", "Read([]byte) (int, error)",
      "if stub.err != nil {\n\t\treturn 0, stub.err\n\t}\n\treturn 0, io.EOF"};
  static const GoLibraryMethod write = {"Write", "Write(data []byte) (int, error)",
                                        "return len(data), stub.err"};
  static const std::map<std::string, std::vector<GoLibraryMethod>> all = {
      {"io.Closer", {close}},
      {"io.Reader", {read}},
      {"io.Writer", {write}},
      {"io.ReadCloser", {read, close}},
      {"io.WriteCloser", {write, close}},
      {"io.ReadWriter", {read, write}},
      {"io.ReadWriteCloser", {read, write, close}},
      {"error", {{"Error", "Error() string", "return \"broken\""}}},
      {"fmt.Stringer", {{"String", "String() string", "return \"made\""}}},
      {"sort.Interface",
       {{"Len", "Len() int", "return 0"},
        {"Less", "Less(int, int) bool", "return false"},
        {"Swap", "Swap(int, int)", ""}}}};
  return found_or_none(all, interface);
}

const std::map<std::string, std::string>& go_library_packages() {
  static const std::map<std::string, std::string> all = {
      {"big", "math/big"},   {"bufio", "bufio"},
      {"bytes", "bytes"},    {"context", "context"},
      {"errors", "errors"},  {"fmt", "fmt"},
      {"http", "net/http"},  {"httptest", "net/http/httptest"},
      {"io", "io"},          {"math", "math"},
      {"rand", "math/rand"}, {"reflect", "reflect"},
      {"regexp", "regexp"},  {"regexp", "regexp"},
      {"sort", "sort"},      {"strings", "strings"},
      {"time", "time"},      {"url", "net/url"}};
  return all;
}

}  // namespace leyden::qa
