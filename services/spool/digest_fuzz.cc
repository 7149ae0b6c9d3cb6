// A digest of an incoming segment, as a rotten disk may give it. What is accepted holds together.
#include <cstdlib>

#include "base/checksum.h"
#include "base/wire.h"
#include "io/simulated_disk.h"
#include "services/spool/incoming_digest.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

// The checksum of a header is its secret: given here, so that what stands behind it is met too.
std::string with_sum(std::string_view octets, std::uint64_t seed) {
  std::string out(octets);
  if (out.size() < digest_header_octets) return out;
  WireWriter sum;
  sum.u64(checksum(std::string_view(out).substr(0, digest_header_octets - 8), seed));
  return out.replace(digest_header_octets - 8, 8, sum.bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr storage::SegmentNumber segment{1};
  const auto octets = with_sum(input, 7);
  const auto part = parse_digest_part(octets, segment, 7);
  if (!part) return 0;
  if (part->until <= part->from || part->messages > most_digest_messages || part->recipients > most_digest_recipients) std::abort();
  if (part->octets() < digest_header_octets) std::abort();
  io::SimulatedDisk disk;
  if (!disk.make_folder("/d") || !(*disk.open("/d/digest-1", io::OpenMode::Create))->write_at(0, octets)) std::abort();
  auto file = DigestFile::open(disk, "/d", segment, 7);
  while (const auto read = file ? file->next() : std::nullopt) {
    DigestRows copy;
    (void)copy.append(*file, *read);
    (void)file->rows(*read, {.domain = 1});
    if (const auto all = file->rows(*read, {}))
      for (const auto& one : *all)
        if (one.recipient >= most_digest_recipients) std::abort();
  }
  return 0;
}
