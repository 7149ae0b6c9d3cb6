// Subscription: a published list of clients or senders to let in or keep out, followed by URL or path; what is known of its last refresh; and what a new text
// of it would change. Pure. Its rows stand in the directory with the subscription's name as their source.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/directory/access_import.h"

namespace hikyaku::subscriptions {

struct Subscription {
  std::string name;  // letters, digits, ".", "-", "_"; at most 64
  std::string from;  // "https://lists.example/white.txt", or an absolute path
  directory::AccessWho who = directory::AccessWho::Client;
  directory::AccessAction action = directory::AccessAction::Allow;
  directory::Names names = directory::Names::Themselves;
  std::chrono::seconds every{24 * 3600};
  WallTime added{};
  friend bool operator==(const Subscription&, const Subscription&) = default;
};
inline constexpr std::chrono::seconds shortest_every{300}, longest_every{31 * 24 * 3600};
inline constexpr std::size_t most_list_octets = 16 << 20;

struct State {
  WallTime tried{}, fetched{}, changed{};  // zero: never
  std::size_t rows = 0;                    // that are in force
  std::size_t bad = 0;                     // lines that mean nothing here
  std::string waits;                       // why the last text is not in force; empty: it is
  friend bool operator==(const State&, const State&) = default;
};

// Why it cannot be; empty: it can.
[[nodiscard]] std::string why_no_subscription(const Subscription& subscription);
[[nodiscard]] bool is_name(std::string_view name);
[[nodiscard]] bool is_url(std::string_view from);

// "word TAB value" lines. Reading passes over what it does not know; nothing: it is none.
[[nodiscard]] std::string print(const Subscription& subscription);
[[nodiscard]] std::optional<Subscription> parse_subscription(std::string_view text);
[[nodiscard]] std::string print(const State& state);
[[nodiscard]] State parse_state(std::string_view text);

// The rows of a text: of the subscription's action and kind alone, whatever the text says of itself.
[[nodiscard]] directory::ParsedAccess rows_of(const Subscription& subscription, std::string_view text, WallTime now);

struct Difference {
  std::vector<directory::AccessRow> added, removed;
  std::size_t same = 0;
  [[nodiscard]] bool empty() const { return added.empty() && removed.empty(); }
};
// `former`: all rows of this source, in any order; a row that was only written anew is the same.
[[nodiscard]] Difference difference(const std::vector<directory::AccessRow>& former, const std::vector<directory::AccessRow>& fetched);
// Whether a refresh may not make this change unasked: more than `percent` of the former rows (and more than ten), or all of them gone.
[[nodiscard]] bool is_large(const Difference& change, std::size_t former, int percent);

}  // namespace hikyaku::subscriptions
