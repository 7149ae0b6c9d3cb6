#include "services/spool/reply_search.h"

#include "base/cursor.h"

namespace hikyaku::spool {
namespace {

constexpr char case_bit = 0x20;  // letters differ in it; so do a few other octets, which the comparison tells apart

bool same_ignoring_case(std::string_view text, std::string_view lower) {
  for (std::size_t n = 0; n < lower.size(); ++n)
    if (ascii_lower(text[n]) != lower[n]) return false;
  return true;
}

// Where the part may begin: its first, middle and last octet are there, but for their case. `end`: nowhere. Blocks of a fixed
// length without a branch inside are what compilers turn into vector instructions.
[[gnu::always_inline]] inline const char* candidate_between(const char* at, const char* end, std::string_view part) {
  constexpr std::ptrdiff_t block = 64;
  const auto last_at = static_cast<std::ptrdiff_t>(part.size()) - 1;
  const auto middle_at = last_at / 2;
  const char first = static_cast<char>(part.front() | case_bit), last = static_cast<char>(part.back() | case_bit);
  const char middle = static_cast<char>(part[static_cast<std::size_t>(middle_at)] | case_bit);
  const char* const stop = end - last_at;  // it cannot begin there
  while (stop - at >= block) {
    unsigned char found = 0;
    for (std::ptrdiff_t n = 0; n < block; ++n)
      found = static_cast<unsigned char>(found | (static_cast<char>(at[n] | case_bit) == first & static_cast<char>(at[n + last_at] | case_bit) == last &
                                                          static_cast<char>(at[n + middle_at] | case_bit) == middle));
    if (found != 0) break;
    at += block;
  }
  for (; at < stop; ++at)
    if (static_cast<char>(*at | case_bit) == first && static_cast<char>(at[last_at] | case_bit) == last) return at;
  return end;
}

#if defined(__x86_64__)
// The same, compiled for what most machines have beyond the architecture's first edition: half the time.
[[gnu::target("avx2")]] const char* candidate_by_wide_vectors(const char* at, const char* end, std::string_view part) { return candidate_between(at, end, part); }
#endif

}  // namespace

ReplySearch::ReplySearch(std::string_view part) : part_(ascii_lower(part)) {}

const char* ReplySearch::candidate(const char* at, const char* end) const {
#if defined(__x86_64__)
  static const bool has_wide_vectors = __builtin_cpu_supports("avx2") != 0;
  if (has_wide_vectors) return candidate_by_wide_vectors(at, end, part_);
#endif
  return candidate_between(at, end, part_);
}

void ReplySearch::judge(Page& page, const ReplyArena::PageView& view) {
  const char* const end = view.octets + view.end;
  auto text = view.text_at(page.judged);
  for (const char* at = candidate(text.begin, end); at < end; at = candidate(at, end)) {
    if (!same_ignoring_case({at, part_.size()}, part_)) {
      ++at;
      continue;
    }
    while (text.next <= at) text = view.text_at(static_cast<std::uint32_t>(text.next - view.octets));
    if (at < text.begin || at + part_.size() > text.end) {  // in a header, or across two of them
      ++at;
      continue;
    }
    if (page.places.empty()) page.places.resize(ReplyArena::places_of_a_page / 64);
    page.places[text.place / 64] |= std::uint64_t{1} << text.place % 64;
    at = text.next;
  }
  looked_at_ += view.end - page.judged;
  page.judged = view.end;
}

bool ReplySearch::matches(const ReplyArena& arena, ReplyArena::Place place) {
  if (place == ReplyArena::nowhere) return false;
  const auto number = place / ReplyArena::places_of_a_page, within = place % ReplyArena::places_of_a_page;
  if (number >= pages_.size()) pages_.resize(number + 1);
  auto& page = pages_[number];
  const auto view = arena.page(number);
  if (page.life != view.life) page = {view.life, 0, {}};
  if (page.judged < view.end) judge(page, view);
  return !page.places.empty() && (page.places[within / 64] >> within % 64 & 1) != 0;
}

}  // namespace hikyaku::spool
