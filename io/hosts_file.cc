#include "io/hosts_file.h"

#include <algorithm>
#include <fstream>

#include "base/cursor.h"

namespace hikyaku::io {
namespace {

constexpr std::size_t most_names = 1'000'000, most_addresses_of_a_name = 100, most_octets = 16 << 20, longest_name = 255;
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::ranges::all_of(text, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || is_eight_bit(c); });
}

std::string folded(std::string_view name) {
  if (name.ends_with('.') && name.size() > 1) name.remove_suffix(1);
  return ascii_lower(name);
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  char piece[64 << 10];
  while (text.size() < most_octets && (in.read(piece, sizeof piece) || in.gcount() > 0))
    text.append(piece, static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

const std::vector<IpAddress>* HostsTable::find(std::string_view name) const {
  const auto found = names_.find(folded(name));
  return found == names_.end() ? nullptr : &found->second;
}

void HostsTable::add(const IpAddress& address, std::string_view name) {
  auto key = folded(name);
  if (names_.size() >= most_names && !names_.contains(key)) return;
  auto& addresses = names_[std::move(key)];
  if (addresses.size() < most_addresses_of_a_name && std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

void parse_hosts(std::string_view text, HostsTable& into) {
  HostsTable own;
  std::vector<std::string> fresh;
  Cursor in(text);
  while (!in.at_end()) {
    const auto raw = in.take_while([](char c) { return c != '\n'; });
    in.take('\n');
    Cursor line(raw.substr(0, raw.find('#')));
    line.take_while(is_blank);
    const auto address = IpAddress::parse(line.take_while([](char c) { return !is_blank(c) && c != '%'; }));
    line.take_while([](char c) { return !is_blank(c); });  // the scope of a link-local address
    while (address && !line.at_end()) {
      line.take_while(is_blank);
      const auto name = line.take_while([](char c) { return !is_blank(c); });
      // An earlier file's word on a name is final.
      if (is_name(name) && into.find(name) == nullptr) {
        if (own.find(name) == nullptr) fresh.push_back(std::string(name));
        own.add(*address, name);
      }
    }
  }
  for (const auto& name : fresh)
    if (const auto* addresses = own.find(name))
      for (const auto& address : *addresses) into.add(address, name);
}

bool HostsFiles::refresh() {
  std::vector<FileStamp> stamps;
  for (const auto& path : paths_) stamps.push_back(stamp_of_file(path));
  if (stamps == stamps_) return false;
  auto table = std::make_shared<HostsTable>();
  for (const auto& path : paths_) parse_hosts(read_all(path), *table);
  stamps_ = std::move(stamps);
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
  return true;
}

std::shared_ptr<const HostsTable> HostsFiles::current() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

}  // namespace hikyaku::io
