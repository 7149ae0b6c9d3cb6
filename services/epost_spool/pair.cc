#include "services/epost_spool/pair.h"

#include <algorithm>
#include <set>

#include "base/checksum.h"

namespace hikyaku::epost_spool {
namespace {

std::string told(const std::string& path, const Damage& damage) {
  return path + (damage.line > 0 ? ", line " + std::to_string(damage.line) : "") + ": " + damage.what;
}

class PairReader {
 public:
  PairReader(io::Disk& disk, Pair& pair) : disk_(disk), pair_(pair) {}
  void read_envelopes(const std::vector<std::string>& paths);
  void leave_out_served(const std::vector<std::string>& paths);
  void note_temporaries(const StemFiles& files);
  void find_text(const std::vector<std::string>& paths, DotsRule dots);

 private:
  std::optional<std::string> content(const std::string& path);
  void damaged(const std::string& what) {
    if (pair_.damage.empty()) pair_.damage = what;
  }
  io::Disk& disk_;
  Pair& pair_;
};

std::optional<std::string> PairReader::content(const std::string& path) {
  auto read = io::read_file(disk_, path, most_rcp_octets);
  if (!read) return damaged(path + ": " + read.error().what), std::nullopt;
  pair_.identity = checksum(*read, pair_.identity);
  return std::move(*read);
}

// An envelope for each domain that is tried again, and the one in incoming: together they are the recipients left.
void PairReader::read_envelopes(const std::vector<std::string>& paths) {
  if (paths.empty()) return damaged("its envelope (.RCP) is missing");
  bool first = true;
  for (const auto& path : paths) {
    const auto text = content(path);
    if (!text) return;
    auto envelope = parse_rcp(*text);
    if (!envelope) return damaged(told(path, envelope.error()));
    if (!first && envelope->reverse_path != pair_.envelope.reverse_path)
      return damaged(path + ": another sender than in the envelopes before it");
    auto& all = pair_.envelope.recipients;
    if (first) pair_.envelope = std::move(*envelope);
    else
      for (auto& one : envelope->recipients)
        if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
    first = false;
  }
}

void PairReader::leave_out_served(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    const auto text = content(path);
    if (!text) return;
    auto served = parse_recipient_list(*text);
    // Somebody was served, and we cannot tell who: neither loss nor a second copy may be chosen for the operator.
    if (!served) return damaged(told(path, served.error()) + ", so it is not known who was served");
    const std::set<Address> gone(served->begin(), served->end());
    auto& open = pair_.envelope.recipients;
    for (const auto& one : open)
      if (gone.contains(one)) pair_.served.push_back(one);
    std::erase_if(open, [&](const Address& one) { return gone.contains(one); });
  }
  if (!pair_.served.empty()) pair_.notes.push_back(std::to_string(pair_.served.size()) + " of its recipients were served before and are left out");
}

void PairReader::note_temporaries(const StemFiles& files) {
  if (!files.copying.empty()) pair_.notes.push_back("it was being delivered when E-Post stopped ($CP): the recipient in flight may get it twice");
  if (!files.failed.empty()) pair_.notes.push_back("an attempt had failed ($NG): it is tried again");
}

void PairReader::find_text(const std::vector<std::string>& paths, DotsRule dots) {
  if (paths.empty()) return damaged("its text (.MSG) is missing");
  for (const auto& path : paths) {
    const auto info = disk_.info(path);
    if (!info) return damaged(info.error().what);
    if (paths.size() > 1 && pair_.file_octets > 0 && info->size != pair_.file_octets) return damaged(path + ": two different texts");
    pair_.message_path = path;
    pair_.file_octets = info->size;
  }
  if (pair_.file_octets == 0) return damaged(pair_.message_path + " is empty");
  DotsFinder finder;
  StreamingChecksum sum;
  sum.start(pair_.identity);
  if (auto read = read_pieces(disk_, pair_.message_path, [&](std::string_view piece) { return finder.add(piece), sum.add(piece), true; }); !read)
    return damaged(read.error().what);
  pair_.identity = sum.value();
  pair_.dots = dots == DotsRule::Find ? finder.dots() : dots == DotsRule::Stuffed ? Dots::Stuffed : Dots::Plain;
}

}  // namespace

Pair read_pair(io::Disk& disk, const std::string& stem, const StemFiles& files, DotsRule dots) {
  Pair pair;
  pair.stem = stem;
  pair.identity = checksum(stem);  // two messages of the same octets are two
  PairReader reader(disk, pair);
  reader.read_envelopes(files.envelopes);
  if (pair.damage.empty()) reader.leave_out_served(files.served);
  if (pair.damage.empty()) reader.find_text(files.messages, dots);
  reader.note_temporaries(files);
  return pair;
}

}  // namespace hikyaku::epost_spool
