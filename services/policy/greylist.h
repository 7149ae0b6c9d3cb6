// GreylistMemory: who was asked to come again, when, and who has shown that it does. A first try of (network, sender, recipient) waits
// `wait`; a try after that passes, and makes its network known: mail from it passes at once from then on, as long as it comes now
// and then. Bots try once, or come from another line each time.
//
// The network is a client's /24 (IPv4) or /64 (IPv6): farms of senders retry from a neighbour. Where SPF says that a client sends for the
// sender's domain, that domain stands for it, whatever its address.
//
// In memory, bounded: the oldest that waits is forgotten first. O(log n) a call. Not for several threads; callers lock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "io/socket_address.h"

namespace hikyaku::policy {

struct GreylistTerms {
  std::chrono::seconds wait = std::chrono::minutes{25};   // before a try passes
  std::chrono::seconds window = std::chrono::days{5};     // a try later than this after the first begins anew
  std::chrono::seconds known_for = std::chrono::days{36}; // a known network that sends nothing for so long is forgotten
  std::size_t most = 1'000'000;                           // of each kind that are remembered
  std::size_t most_of_source = 1'000;                     // that wait, of one source; further ones are put off and not remembered
  friend bool operator==(const GreylistTerms&, const GreylistTerms&) = default;
};

// "192.0.2.0/24", "2001:db8:0:1::/64".
[[nodiscard]] std::string network_of(const io::IpAddress& client);

struct GreylistKey {
  std::string source;     // network_of(), or "spf:example.jp"
  std::string sender;     // as text, lower case; empty: the null reverse-path
  std::string recipient;  // as text, lower case
  friend auto operator<=>(const GreylistKey&, const GreylistKey&) = default;
};

class GreylistMemory {
 public:
  struct Waiting {
    WallTime first{}, last{};
    std::uint32_t tries = 0;
  };
  struct Known {
    WallTime since{}, last{};
    std::uint64_t mails = 0;
  };
  struct Verdict {
    enum class Kind : std::uint8_t {
      KnownSource,  // passes: it has shown before that it comes again
      Passes,       // passes now: it waited
      TooEarly,     // it waits already
      New,
    } kind = Kind::New;
    WallTime passes_at{};  // TooEarly, New
    Waiting waiting{};     // Passes, TooEarly
    Known known{};         // KnownSource
    [[nodiscard]] bool passes() const { return kind == Kind::KnownSource || kind == Kind::Passes; }
  };

  explicit GreylistMemory(GreylistTerms terms = {}) : terms_(terms) {}
  void set_terms(GreylistTerms terms) { terms_ = terms; }
  [[nodiscard]] const GreylistTerms& terms() const { return terms_; }

  // What a try now would get; changes nothing.
  [[nodiscard]] Verdict look(const GreylistKey& key, WallTime now) const;
  // There was a try: looks, and remembers it.
  Verdict tried(const GreylistKey& key, WallTime now);
  // It waited for the reply of its try as long as it was asked to: its source is known, as if it had come again.
  void stayed(const GreylistKey& key, WallTime now);
  // Forgets what is over, at most so many. True: there is more.
  bool tend(WallTime now, std::size_t most = 1'000);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t known() const { return known_.size(); }
  [[nodiscard]] const std::map<GreylistKey, Waiting>& all_waiting() const { return waiting_; }
  [[nodiscard]] const std::map<std::string, Known>& all_known() const { return known_; }

  // For the durable copy: what was remembered is put back as it was. Later words about a key replace earlier ones.
  void restore(GreylistKey key, Waiting waiting);
  void restore(std::string source, Known known);
  // With what waits of it: its next try is a first one. True: it was known.
  bool forget_source(const std::string& source);
  // True: it was there.
  bool forget(const GreylistKey& key);

 private:
  void put(GreylistKey key, Waiting waiting);
  void put(std::string source, Known known);
  void erase_waiting(std::map<GreylistKey, Waiting>::iterator at);
  void erase_known(std::map<std::string, Known>::iterator at);

  GreylistTerms terms_;
  std::map<GreylistKey, Waiting> waiting_;
  std::unordered_map<std::string, std::size_t> of_source_;  // how many wait
  std::map<std::string, Known> known_;
  // By when they were seen last: whom to forget. Pointers to the keys of the maps, whose places are steady.
  std::set<std::pair<WallTime, const GreylistKey*>> waiting_by_age_;
  std::set<std::pair<WallTime, const std::string*>> known_by_age_;
};

}  // namespace hikyaku::policy
