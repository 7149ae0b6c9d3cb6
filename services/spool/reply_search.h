// ReplySearch: which replies of an arena contain a text, without regard to ASCII case. A reply is looked at once, however many
// recipients share it and however often the search goes on, and pages are looked at as wholes: some 100 MB of replies of a
// million recipients cost about 20 ms. For one search; the arena may change between two questions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/spool/reply_arena.h"

namespace hikyaku::spool {

class ReplySearch {
 public:
  ReplySearch() = default;
  explicit ReplySearch(std::string_view part);
  // An empty part: everything matches, nothing is to be asked.
  [[nodiscard]] bool wanted() const { return !part_.empty(); }

  [[nodiscard]] bool matches(const ReplyArena& arena, ReplyArena::Place place);
  // Octets of replies looked at so far, by which the caller divides the work.
  [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }

 private:
  // What is known of a page in one life of it; the rest was added later.
  struct Page {
    std::uint64_t life = 0;
    std::uint32_t judged = 0;           // octets from its beginning
    std::vector<std::uint64_t> places;  // that match, a bit each; empty: none
  };
  void judge(Page& page, const ReplyArena::PageView& view);
  [[nodiscard]] const char* candidate(const char* at, const char* end) const;

  std::string part_;  // lower case
  std::vector<Page> pages_;
  std::uint64_t looked_at_ = 0;
};

}  // namespace hikyaku::spool
