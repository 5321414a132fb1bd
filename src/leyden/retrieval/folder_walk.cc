#include "leyden/retrieval/folder_walk.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <git2.h>
#include <stdlib.h>

namespace leyden::retrieval {
namespace {

namespace fs = std::filesystem;

// git's rules for one folder. A folder that belongs to no repository gets an empty one beside it, in the temporary folder,
// whose work tree it is: nothing is written into the folder itself.
class IgnoreRules {
 public:
  explicit IgnoreRules(const fs::path& root) {
    git_libgit2_init();
    git_repository* repository = nullptr;
    if (git_repository_open_ext(&repository, root.c_str(), 0, nullptr) == 0 &&
        git_repository_workdir(repository) != nullptr) {
      repository_ = repository;
    } else {
      git_repository_free(repository);
      std::error_code error;
      std::string folder = (fs::temp_directory_path(error) / "leyden-ignore-XXXXXX").string();
      if (::mkdtemp(folder.data()) == nullptr) return;
      temporary_ = folder;
      if (git_repository_init(&repository_, folder.c_str(), 1) != 0 ||
          git_repository_set_workdir(repository_, root.c_str(), 0) != 0) {
        git_repository_free(repository_);
        repository_ = nullptr;
      }
    }
    if (repository_ == nullptr) return;
    std::error_code error;
    fs::path below =
        fs::relative(root, fs::canonical(git_repository_workdir(repository_), error), error);
    if (!error && below != ".") prefix_ = below.generic_string() + "/";
  }
  IgnoreRules(const IgnoreRules&) = delete;
  IgnoreRules& operator=(const IgnoreRules&) = delete;
  ~IgnoreRules() {
    git_repository_free(repository_);
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
    git_libgit2_shutdown();
  }

  [[nodiscard]] bool ignores(const std::string& path) const {
    int ignored = 0;
    return repository_ != nullptr &&
           git_ignore_path_is_ignored(&ignored, repository_, (prefix_ + path).c_str()) == 0 &&
           ignored == 1;
  }

 private:
  git_repository* repository_ = nullptr;
  fs::path temporary_;
  std::string prefix_;  // Of the root within the repository.
};

class Walk {
 public:
  Walk(const fs::path& root, const std::function<bool(const FoundFile&)>& on_file,
       const std::function<void(const std::string&, const Error&)>& on_problem,
       const std::function<void(const fs::path&)>& on_folder = {})
      : root_(root),
        rules_(root),
        on_file_(on_file),
        on_problem_(on_problem),
        on_folder_(on_folder) {}

  // False when the caller wants no more.
  bool folder(const fs::path& folder, const std::string& prefix) {
    if (on_folder_) on_folder_(folder);
    std::error_code error;
    std::vector<Entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (auto entry = look(*it, prefix)) entries.push_back(std::move(*entry));
    }
    if (error) {
      on_problem_(prefix.empty() ? "." : prefix,
                  Error{Errc::unavailable, fmt::format("can't read the folder {}: {}",
                                                       folder.string(), error.message())});
      return true;
    }
    std::ranges::sort(entries, {}, &Entry::path);
    for (const Entry& entry : entries) {
      bool go_on =
          entry.is_folder
              ? this->folder(entry.absolute, entry.path)
              : on_file_(
                    {.path = entry.path, .absolute = entry.absolute, .size_bytes = entry.size});
      if (!go_on) return false;
    }
    return true;
  }

 private:
  struct Entry {
    std::string path;  // With '/' at a folder's end, so that the order is that of the paths.
    fs::path absolute;
    std::uint64_t size = 0;
    bool is_folder = false;
  };

  std::optional<Entry> look(const fs::directory_entry& entry, const std::string& prefix) const {
    std::string name = entry.path().filename().string();
    if (name == ".git" || name == ".hg" || name == ".svn" || name == ".jj") return std::nullopt;
    std::error_code error;
    bool link = entry.is_symlink(error);
    bool is_folder = !link && entry.is_directory(error);
    if (!is_folder && !entry.is_regular_file(error)) return std::nullopt;
    if (link) {
      fs::path target = fs::canonical(entry.path(), error);
      if (error || !target.string().starts_with(root_.string() + "/")) return std::nullopt;
    }
    std::string path = prefix + name + (is_folder ? "/" : "");
    if (rules_.ignores(path)) return std::nullopt;
    std::uint64_t size = is_folder ? 0 : entry.file_size(error);
    return Entry{std::move(path), entry.path(), error ? 0 : size, is_folder};
  }

  const fs::path& root_;
  IgnoreRules rules_;
  const std::function<bool(const FoundFile&)>& on_file_;
  const std::function<void(const std::string&, const Error&)>& on_problem_;
  std::function<void(const fs::path&)> on_folder_;  // May be empty.
};

}  // namespace

namespace {

Result<fs::path> readable_folder(const fs::path& root) {
  std::error_code error;
  fs::path canonical = fs::canonical(root, error);
  if (error) return fail(Errc::not_found, "no such folder: {}", root.string());
  if (!fs::is_directory(canonical, error))
    return fail(Errc::invalid_argument, "{} is not a folder", root.string());
  fs::directory_iterator readable(canonical, error);
  if (error)
    return fail(Errc::unavailable, "can't read the folder {}: {}", root.string(), error.message());
  return canonical;
}

}  // namespace

Result<void> walk_folder(
    const fs::path& root, const std::function<bool(const FoundFile&)>& on_file,
    const std::function<void(const std::string& path, const Error&)>& on_problem) {
  auto canonical = readable_folder(root);
  if (!canonical) return std::unexpected(canonical.error());
  Walk(*canonical, on_file, on_problem).folder(*canonical, "");
  return {};
}

Result<std::vector<fs::path>> folders_of_walk(const fs::path& root) {
  auto canonical = readable_folder(root);
  if (!canonical) return std::unexpected(canonical.error());
  std::vector<fs::path> folders;
  const std::function<bool(const FoundFile&)> on_file = [](const FoundFile&) { return true; };
  const std::function<void(const std::string&, const Error&)> on_problem = [](const std::string&,
                                                                              const Error&) {};
  const std::function<void(const fs::path&)> on_folder = [&](const fs::path& folder) {
    folders.push_back(folder);
  };
  Walk(*canonical, on_file, on_problem, on_folder).folder(*canonical, "");
  return folders;
}

}  // namespace leyden::retrieval
