// ReplyArena: the last replies of deferred recipients, packed in pages. A reply that many recipients got (a dead
// destination's) is kept once. What is given up leaves holes; compact() moves the rest together, a page at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace hikyaku::spool {

class ReplyArena {
 public:
  using Place = std::uint32_t;
  static constexpr Place nowhere = 0xFFFFFFFF;
  static constexpr std::size_t most_octets = 1024;  // of one text; more is cut off

  // A place that counts one user. Recently added equal texts share theirs. The empty text is nowhere.
  [[nodiscard]] Place add(std::string_view text);
  void release(Place place);
  // Valid until the next compact().
  [[nodiscard]] std::string_view at(Place place) const;

  // Whether a page is so empty that its texts had better move.
  [[nodiscard]] bool has_waste() const;
  // Empties the page with the most waste. `for_each_place` calls its argument with every user's place, to be changed.
  using Users = std::function<void(const std::function<void(Place&)>&)>;
  void compact(const Users& for_each_place);

  [[nodiscard]] std::uint64_t octets() const { return used_octets_; }

  // ---- for who looks at all texts (reply_search.h). A place is in page place / places_of_a_page.
  static constexpr std::uint32_t page_octets = 256 << 10, unit = 4, places_of_a_page = page_octets / unit;
  // A page as it is now. Within a life texts are only added, at its end; those that nobody uses any more stand there too.
  struct PageView {
    std::uint64_t life = 0;
    const char* octets = nullptr;
    std::uint32_t end = 0;
    struct Text {
      std::uint32_t place = 0;  // within the page
      const char *begin = nullptr, *end = nullptr, *next = nullptr;
    };
    // The one that begins there, its header first; at the page's end: an empty one there.
    [[nodiscard]] Text text_at(std::uint32_t octet) const;
  };
  [[nodiscard]] PageView page(std::uint32_t number) const { return {pages_[number].life, pages_[number].octets.get(), pages_[number].end}; }

 private:
  static constexpr std::uint32_t units = places_of_a_page;
  static constexpr std::size_t recent_places = 16'384;
  struct Page {
    std::unique_ptr<char[]> octets;
    std::uint32_t end = 0, live = 0;  // octets
    std::uint64_t life = 0;           // one number for each use of a page
  };
  struct Entry {  // before the text
    std::uint32_t users = 0;
    std::uint16_t length = 0;
  };
  static constexpr std::uint32_t entry_octets = 6;

  [[nodiscard]] static std::uint32_t cost(std::size_t length) {
    return static_cast<std::uint32_t>((entry_octets + length + unit - 1) / unit * unit);
  }
  [[nodiscard]] char* where(Place place) const { return pages_[place / units].octets.get() + std::size_t{place % units} * unit; }
  [[nodiscard]] static Entry read(const char* at);
  static void write(char* at, Entry entry);
  [[nodiscard]] std::uint32_t page_with_room(std::uint32_t octets);
  [[nodiscard]] Place append(std::string_view text, std::uint32_t users);
  [[nodiscard]] std::uint32_t worst_page() const;
  void drop(std::uint32_t page);

  std::vector<Page> pages_;
  std::vector<std::uint32_t> unused_;  // pages without octets
  std::uint32_t open_ = nowhere;       // the page that grows
  std::uint64_t used_octets_ = 0, lives_ = 0;
  std::vector<Place> recent_ = std::vector<Place>(recent_places, nowhere);  // by hash; a hint
};

}  // namespace hikyaku::spool
