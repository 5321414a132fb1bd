#include "leyden/tokenizer/image/sections.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // XXH3 by the best instructions that the processor has.
#else
#include <xxhash.h>
#endif

namespace leyden::tokenizer::image {
namespace {

// As in PNG: a byte that is no text, line ends that a careless copy would change, and an end of file for DOS.
constexpr std::array<char, 8> kMagic = {'\x89', 'L', 'T', 'I', '\r', '\n', '\x1A', '\n'};
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::size_t kAlignment = 64;

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t byte_order = kByteOrder;
  std::uint64_t file_bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of all that follows.
  Digest fingerprint;
  std::uint64_t section_count = 0;
};
static_assert(sizeof(Header) == 72);
constexpr std::size_t kCheckedFrom = 32;

struct TableEntry {
  std::array<char, 24> name{};
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t element_bytes = 0;
};
static_assert(sizeof(TableEntry) == 48);

std::size_t aligned(std::size_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

std::uint64_t checksum_of(BytesView content) {
  BytesView checked = content.subspan(kCheckedFrom);
  return XXH3_64bits(checked.data(), checked.size());
}

}  // namespace

bool has_magic(BytesView content) {
  return as_text(content).starts_with(std::string_view(kMagic.data(), kMagic.size()));
}

SectionWriter::SectionWriter() = default;

void SectionWriter::add(std::string_view name, std::string_view bytes, std::size_t element_bytes) {
  assert(name.size() <= TableEntry{}.name.size());
  sections_.push_back({std::string(name), std::string(bytes), element_bytes});
}

std::string SectionWriter::finish(const Digest& fingerprint) && {
  Header header;
  header.fingerprint = fingerprint;
  header.section_count = sections_.size();
  std::string content(sizeof(Header) + sections_.size() * sizeof(TableEntry), '\0');
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    Section section = std::exchange(sections_[i], {});
    content.resize(aligned(content.size()));
    TableEntry entry{.name = {},
                     .offset = content.size(),
                     .bytes = section.bytes.size(),
                     .element_bytes = section.element_bytes};
    std::ranges::copy(section.name, entry.name.begin());
    content += section.bytes;
    std::memcpy(content.data() + sizeof(Header) + i * sizeof(TableEntry), &entry, sizeof(entry));
  }
  header.file_bytes = content.size();
  std::memcpy(content.data(), &header, sizeof(header));
  header.checksum = checksum_of(as_bytes(content));
  std::memcpy(content.data(), &header, sizeof(header));
  return content;
}

Result<SectionReader> SectionReader::open(BytesView content) {
  assert(reinterpret_cast<std::uintptr_t>(content.data()) % kAlignment == 0);
  Header header;
  if (!has_magic(content) || content.size() < sizeof(header))
    return fail(Errc::corrupt, "it is cut off");
  std::memcpy(&header, content.data(), sizeof(header));
  if (header.byte_order == std::byteswap(kByteOrder))
    return fail(Errc::unsupported, "it was made on a machine with another byte order");
  if (header.byte_order != kByteOrder) return fail(Errc::corrupt, "its header is damaged");
  if (header.version != kVersion) {
    return fail(Errc::unsupported, "it has version {} of the format, this Leyden reads version {}",
                header.version, kVersion);
  }
  if (header.file_bytes != content.size()) {
    return fail(Errc::corrupt, "it should have {} bytes and has {}", header.file_bytes,
                content.size());
  }
  if (header.checksum != checksum_of(content)) return fail(Errc::corrupt, "its checksum is wrong");
  // From here on only what was forged can be wrong.
  auto wrong_table = [] { return fail(Errc::corrupt, "its table of sections is wrong"); };
  BytesView table = content.subspan(sizeof(header));
  if (header.section_count > table.size() / sizeof(TableEntry)) return wrong_table();
  SectionReader reader;
  reader.fingerprint_ = header.fingerprint;
  for (std::size_t i = 0; i < header.section_count; ++i) {
    TableEntry entry;
    BytesView raw = table.subspan(i * sizeof(entry), sizeof(entry));
    std::memcpy(&entry, raw.data(), sizeof(entry));
    if (entry.offset % kAlignment != 0 || entry.offset > content.size() ||
        entry.bytes > content.size() - entry.offset || entry.element_bytes == 0 ||
        entry.bytes % entry.element_bytes != 0) {
      return wrong_table();
    }
    std::string_view name = as_text(raw.first(entry.name.size()));
    reader.sections_.push_back({name.substr(0, name.find('\0')),
                                content.subspan(entry.offset, entry.bytes), entry.element_bytes});
  }
  return reader;
}

bool SectionReader::has(std::string_view name) const {
  return std::ranges::find(sections_, name, &Section::name) != sections_.end();
}

BytesView SectionReader::find(std::string_view name, std::size_t element_bytes) {
  auto found = std::ranges::find(sections_, name, &Section::name);
  if (found == sections_.end() || found->element_bytes != element_bytes) {
    complete_ = false;
    return {};
  }
  return found->bytes;
}

}  // namespace leyden::tokenizer::image
