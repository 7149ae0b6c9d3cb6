#include "services/spool/reply_arena.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/checksum.h"

namespace hikyaku::spool {

ReplyArena::Entry ReplyArena::read(const char* at) {
  Entry entry;
  std::memcpy(&entry.users, at, 4);
  std::memcpy(&entry.length, at + 4, 2);
  return entry;
}
void ReplyArena::write(char* at, Entry entry) {
  std::memcpy(at, &entry.users, 4);
  std::memcpy(at + 4, &entry.length, 2);
}

std::uint32_t ReplyArena::page_with_room(std::uint32_t octets) {
  if (open_ != nowhere && pages_[open_].end + octets <= page_octets) return open_;
  if (unused_.empty()) {
    check_or_abort(pages_.size() < 65'535, "16 GiB of replies");
    unused_.push_back(static_cast<std::uint32_t>(pages_.size()));
    pages_.emplace_back();
  }
  open_ = unused_.back();
  unused_.pop_back();
  pages_[open_].octets = std::make_unique_for_overwrite<char[]>(page_octets);
  pages_[open_].life = ++lives_;
  return open_;
}

ReplyArena::Place ReplyArena::append(std::string_view text, std::uint32_t users) {
  const auto octets = cost(text.size());
  const auto number = page_with_room(octets);
  auto& page = pages_[number];
  char* const at = page.octets.get() + page.end;
  write(at, {users, static_cast<std::uint16_t>(text.size())});
  std::memcpy(at + entry_octets, text.data(), text.size());
  const Place place = number * units + page.end / unit;
  page.end += octets;
  page.live += octets;
  used_octets_ += octets;
  return place;
}

ReplyArena::Place ReplyArena::add(std::string_view text) {
  text = text.substr(0, most_octets);
  if (text.empty()) return nowhere;
  auto& recent = recent_[checksum(text) % recent_places];
  if (recent != nowhere && at(recent) == text) {
    auto entry = read(where(recent));
    ++entry.users;
    write(where(recent), entry);
    return recent;
  }
  return recent = append(text, 1);
}

void ReplyArena::release(Place place) {
  if (place == nowhere) return;
  auto entry = read(where(place));
  check_or_abort(entry.users > 0, "a reply was released twice");
  --entry.users;
  write(where(place), entry);
  if (entry.users > 0) return;
  auto& recent = recent_[checksum(at(place)) % recent_places];
  if (recent == place) recent = nowhere;
  const auto number = place / units;
  pages_[number].live -= cost(entry.length);
  used_octets_ -= cost(entry.length);
  if (pages_[number].live == 0 && number != open_) drop(number);
}

std::string_view ReplyArena::at(Place place) const {
  if (place == nowhere) return {};
  const char* const entry = where(place);
  return {entry + entry_octets, read(entry).length};
}

ReplyArena::PageView::Text ReplyArena::PageView::text_at(std::uint32_t octet) const {
  const char* const at = octets + octet;
  if (octet >= end) return {octet / unit, at, at, at + 1};
  const auto length = read(at).length;
  return {octet / unit, at + entry_octets, at + entry_octets + length, at + cost(length)};
}

void ReplyArena::drop(std::uint32_t number) {
  pages_[number] = {};
  unused_.push_back(number);
}

std::uint32_t ReplyArena::worst_page() const {
  std::uint32_t worst = nowhere, least = page_octets / 10 * 7;
  for (std::uint32_t number = 0; number < pages_.size(); ++number) {
    const auto& page = pages_[number];
    if (!page.octets || number == open_ || page.live >= least) continue;
    worst = number;
    least = page.live;
  }
  return worst;
}

bool ReplyArena::has_waste() const { return worst_page() != nowhere; }

// The first user of a text moves it and leaves the new place where the text was; the others follow it.
void ReplyArena::compact(const Users& for_each_place) {
  const auto number = worst_page();
  if (number == nowhere) return;
  std::vector<Place> moved(units, nowhere);
  for_each_place([&](Place& place) {
    if (place == nowhere || place / units != number) return;
    auto& to = moved[place % units];
    if (to == nowhere) {
      const auto entry = read(where(place));
      to = append({where(place) + entry_octets, entry.length}, entry.users);
      used_octets_ -= cost(entry.length);
    }
    place = to;
  });
  std::ranges::fill(recent_, nowhere);
  drop(number);
}

}  // namespace hikyaku::spool
