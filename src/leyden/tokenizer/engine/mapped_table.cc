#include "leyden/tokenizer/engine/mapped_table.h"

#include <cstdint>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace leyden::tokenizer::engine {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

void prefer_huge_pages(void* data, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (begin + bytes) / kHugePage * kHugePage;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

MappedTable::MappedTable(std::size_t bytes) : bytes_(bytes) {
  // A small one is not worth a huge page. For a large one more is asked for, so that an aligned part of it is there.
  const std::size_t spare = bytes < kHugePage ? 0 : kHugePage;
  void* all =
      ::mmap(nullptr, bytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  data_ = all;
  if (spare == 0) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(all);
  const std::uintptr_t aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
  if (aligned != begin) ::munmap(all, aligned - begin);
  if (std::uintptr_t end = begin + bytes + spare; end != aligned + bytes)
    ::munmap(reinterpret_cast<void*>(aligned + bytes), end - aligned - bytes);
  data_ = reinterpret_cast<void*>(aligned);
  ::madvise(data_, bytes, MADV_HUGEPAGE);
}

MappedTable::~MappedTable() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

MappedTable::MappedTable(MappedTable&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

MappedTable& MappedTable::operator=(MappedTable&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace leyden::tokenizer::engine
