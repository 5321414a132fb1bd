#include "leyden/agents/review/diff/changes.h"

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include <git2.h>

#include "leyden/agents/review/diff/unified_diff.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"

namespace leyden::review {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = std::size_t{64} << 20U;

std::vector<LineSpan> spans_of(const FileDiff& file) {
  std::vector<LineSpan> out;
  for (const auto& [first, last] : file.changed_lines())
    out.push_back({.first = first, .last = last});
  return out;
}

// The new file as far as the diff tells it, each line where it stands.
std::string told_lines(const FileDiff& file) {
  std::string out;
  std::size_t line = 1;
  for (const Hunk& hunk : file.hunks) {
    for (; line < hunk.new_first; ++line) out += '\n';
    for (const DiffLine& each : hunk.lines) {
      if (each.kind == DiffLine::Kind::removed) continue;
      out += each.text;
      out += '\n';
      ++line;
    }
  }
  return out;
}

// ".." would lead out of the tree; a diff may say anything.
bool is_inside(const fs::path& path) {
  return !path.is_absolute() &&
         std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Repository = std::unique_ptr<git_repository, Freed<git_repository_free>>;
using Object = std::unique_ptr<git_object, Freed<git_object_free>>;
using Tree = std::unique_ptr<git_tree, Freed<git_tree_free>>;
using Index = std::unique_ptr<git_index, Freed<git_index_free>>;
using Diff = std::unique_ptr<git_diff, Freed<git_diff_free>>;
using Blob = std::unique_ptr<git_blob, Freed<git_blob_free>>;

// libgit2 counts its users.
class Library {
 public:
  Library() { git_libgit2_init(); }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

std::string why() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "unknown" : error->message;
}

Result<Repository> open_repository(const fs::path& inside) {
  git_repository* repository = nullptr;
  if (git_repository_open_ext(&repository, inside.c_str(), 0, nullptr) != 0)
    return fail(Errc::not_found, "{} is in no git repository", inside.string());
  Repository out(repository);
  if (git_repository_is_bare(repository) != 0)
    return fail(Errc::not_found, "the git repository around {} has no files, it is bare",
                inside.string());
  return out;
}

Result<Tree> tree_at(git_repository* repository, const git_oid& id) {
  git_commit* commit = nullptr;
  if (git_commit_lookup(&commit, repository, &id) != 0)
    return fail(Errc::unavailable, "can't read a commit: {}", why());
  const std::unique_ptr<git_commit, Freed<git_commit_free>> freed(commit);
  git_tree* tree = nullptr;
  if (git_commit_tree(&tree, commit) != 0)
    return fail(Errc::unavailable, "can't read a commit: {}", why());
  return Tree(tree);
}

// What a walk over the diff gathers: the last input is the file that lines are about.
struct Gathered {
  Changes changes;
  bool open = false;
  std::size_t removed_at = 0;  // Of lines that were removed without any in their place.
  bool added_here = false;

  void add_line(std::size_t line) {
    auto& spans = *changes.inputs.back().only;
    if (!spans.empty() && spans.back().last + 1 >= line) {
      spans.back().last = std::max(spans.back().last, line);
    } else {
      spans.push_back({.first = line, .last = line});
    }
  }
  void end_block() {
    if (open && removed_at > 0 && !added_here) add_line(std::max<std::size_t>(removed_at, 1));
    removed_at = 0;
    added_here = false;
  }
};

int on_file(const git_diff_delta* delta, float, void* payload) {
  auto& gathered = *static_cast<Gathered*>(payload);
  gathered.end_block();
  gathered.open = false;
  if (delta->status == GIT_DELTA_DELETED) return 0;
  const std::string path = delta->new_file.path == nullptr ? "" : delta->new_file.path;
  if (delta->new_file.mode == GIT_FILEMODE_COMMIT) {
    gathered.changes.skipped.push_back(
        {.path = utf8::replace_invalid(path),
         .reason = "is a submodule: review it in its own repository"});
    return 0;
  }
  gathered.open = true;
  gathered.changes.inputs.push_back(
      {.path = path, .file = path, .text = {}, .only = std::vector<LineSpan>()});
  return 0;
}

int on_hunk(const git_diff_delta*, const git_diff_hunk*, void* payload) {
  static_cast<Gathered*>(payload)->end_block();
  return 0;
}

int on_line(const git_diff_delta*, const git_diff_hunk* hunk, const git_diff_line* line,
            void* payload) {
  auto& gathered = *static_cast<Gathered*>(payload);
  if (!gathered.open) return 0;
  if (line->origin == GIT_DIFF_LINE_ADDITION) {
    gathered.add_line(static_cast<std::size_t>(line->new_lineno));
    gathered.added_here = true;
  } else if (line->origin == GIT_DIFF_LINE_DELETION) {
    const std::size_t before = hunk->new_lines == 0 ? static_cast<std::size_t>(hunk->new_start) : 0;
    gathered.removed_at = std::max<std::size_t>({gathered.removed_at, before, 1});
  } else if (line->origin == GIT_DIFF_LINE_CONTEXT) {
    if (gathered.removed_at > 0 && !gathered.added_here)
      gathered.removed_at =
          std::max<std::size_t>(static_cast<std::size_t>(line->new_lineno), 2) - 1;
    gathered.end_block();
  }
  return 0;
}

Result<Changes> gather(git_diff* diff) {
  git_diff_find_options similar = GIT_DIFF_FIND_OPTIONS_INIT;
  similar.flags = GIT_DIFF_FIND_RENAMES;
  if (git_diff_find_similar(diff, &similar) != 0)
    return fail(Errc::unavailable, "can't compare the files: {}", why());
  Gathered gathered;
  if (git_diff_foreach(diff, on_file, nullptr, on_hunk, on_line, &gathered) != 0)
    return fail(Errc::unavailable, "can't compare the files: {}", why());
  gathered.end_block();
  return std::move(gathered.changes);
}

// A file on disk that is not one to read is none to review: a folder in a symbolic link's place, a pipe.
void set_files(Changes& changes, const fs::path& root) {
  std::erase_if(changes.inputs, [&](ReviewInput& input) {
    const fs::path file = root / input.path;
    input.file = file;
    input.path = utf8::replace_invalid(input.path);
    std::error_code error;
    if (fs::is_regular_file(file, error)) return false;
    changes.skipped.push_back({.path = input.path, .reason = "is no file on disk"});
    return true;
  });
}

}  // namespace

fs::path repository_root(const fs::path& inside) {
  const Library library;
  auto repository = open_repository(inside);
  if (!repository) return {};
  return fs::path(git_repository_workdir(repository->get())).lexically_normal();
}

Result<Changes> changes_of_diff(std::string_view text, const fs::path& root) {
  auto files = parse_diff(text);
  if (!files) return std::unexpected(files.error());
  Changes out;
  for (const FileDiff& file : *files) {
    if (file.kind == FileDiff::Kind::deleted) continue;
    const std::string told = utf8::replace_invalid(file.new_path);
    if (file.submodule) {
      out.skipped.push_back(
          {.path = told, .reason = "is a submodule: review it in its own repository"});
      continue;
    }
    if (!is_inside(file.new_path)) {
      out.skipped.push_back(
          {.path = told, .reason = "lies outside of the folder that the diff is for"});
      continue;
    }
    ReviewInput input{
        .path = told, .file = root / file.new_path, .text = {}, .only = spans_of(file)};
    std::error_code error;
    auto content = fs::is_regular_file(input.file, error)
                       ? read_file(input.file, kFileBytesMax)
                       : Result<std::string>(fail(Errc::not_found, "not there"));
    const bool as_told = content && (file.hunks.empty() || apply_in_reverse(file, *content));
    if (as_told) {
      out.inputs.push_back(std::move(input));
    } else if (file.hunks.empty()) {
      if (!file.binary)
        out.skipped.push_back(
            {.path = told, .reason = "is not there, and the diff tells no lines of it"});
    } else {
      input.text = told_lines(file);
      out.notes.push_back({.path = told,
                           .line = 1,
                           .text = "the file on disk is not what the diff leads to: only the "
                                   "diff's lines were reviewed"});
      out.inputs.push_back(std::move(input));
    }
  }
  return out;
}

Result<Changes> changes_since(const fs::path& inside, const std::string& base) {
  const Library library;
  auto repository = open_repository(inside);
  if (!repository) return std::unexpected(repository.error());
  git_object* found = nullptr;
  if (git_revparse_single(&found, repository->get(), (base + "^{commit}").c_str()) != 0)
    return fail(Errc::not_found, "there is no commit {}: {}", base, why());
  const Object commit(found);
  git_oid from = *git_object_id(found);
  git_oid head;
  git_oid parted;
  if (git_reference_name_to_id(&head, repository->get(), "HEAD") == 0 &&
      git_merge_base(&parted, repository->get(), &head, &from) == 0)
    from = parted;
  auto tree = tree_at(repository->get(), from);
  if (!tree) return std::unexpected(tree.error());
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
                  GIT_DIFF_SHOW_UNTRACKED_CONTENT;
  git_diff* diff = nullptr;
  if (git_diff_tree_to_workdir_with_index(&diff, repository->get(), tree->get(), &options) != 0)
    return fail(Errc::unavailable, "can't compare the files with {}: {}", base, why());
  const Diff freed(diff);
  auto changes = gather(diff);
  if (changes) set_files(*changes, git_repository_workdir(repository->get()));
  return changes;
}

Result<Changes> staged_changes(const fs::path& inside) {
  const Library library;
  auto repository = open_repository(inside);
  if (!repository) return std::unexpected(repository.error());
  Tree tree;
  git_oid head;
  if (git_reference_name_to_id(&head, repository->get(), "HEAD") == 0) {
    auto read = tree_at(repository->get(), head);
    if (!read) return std::unexpected(read.error());
    tree = *std::move(read);
  }  // Else nothing is committed yet: all is new.
  git_index* opened = nullptr;
  if (git_repository_index(&opened, repository->get()) != 0)
    return fail(Errc::unavailable, "can't read what is staged: {}", why());
  const Index index(opened);
  git_diff* diff = nullptr;
  if (git_diff_tree_to_index(&diff, repository->get(), tree.get(), opened, nullptr) != 0)
    return fail(Errc::unavailable, "can't compare what is staged: {}", why());
  const Diff freed(diff);
  auto changes = gather(diff);
  if (!changes) return changes;
  for (ReviewInput& input : changes->inputs) {
    const git_index_entry* entry = git_index_get_bypath(opened, input.path.c_str(), 0);
    git_blob* read = nullptr;
    if (entry == nullptr || git_blob_lookup(&read, repository->get(), &entry->id) != 0)
      return fail(Errc::unavailable, "can't read what is staged of {}: {}", input.path, why());
    const Blob blob(read);
    input.text.emplace(static_cast<const char*>(git_blob_rawcontent(read)),
                       static_cast<std::size_t>(git_blob_rawsize(read)));
    input.file = fs::path(git_repository_workdir(repository->get())) / input.path;
    input.path = utf8::replace_invalid(input.path);
  }
  return changes;
}

}  // namespace leyden::review
