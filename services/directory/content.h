// Content rows: what the operator wants done with mail by what is in it: a header field, its decoded text, the name or type of an attachment; or by whom it comes from. Pure values; held in
// the directory's partition. What they mean is told by services/filters/content.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hikyaku::directory {

enum class ContentPart : std::uint8_t { Header, Body, Attachment, Client };
// Pass: no other row of the same or a later name looks at the message.
enum class ContentAction : std::uint8_t { Pass, Tag, Quarantine, Refuse };
enum class ContentMode : std::uint8_t { Enforce, Shadow, Off };

// A further one of a row: all of them must be found, each anywhere in its part of the message.
struct ContentCondition {
  ContentPart part = ContentPart::Header;
  std::string field, pattern;  // as in ContentRow
  friend bool operator==(const ContentCondition&, const ContentCondition&) = default;
};

struct ContentRow {
  std::string name;       // one of its own: "invoice-exe"; rows are looked at in the order of their names
  ContentPart part = ContentPart::Header;
  std::string field;      // Header: "Subject", "*": any; else empty
  // Words, or /expression/ (RE2). Of an attachment also ".exe" (its name ends so) or "application/x-msdownload", "image/*" (its type). Of a client "192.0.2.7" or
  // "192.0.2.0/24" and nothing else: the address that the mail comes from.
  std::string pattern;
  ContentAction action = ContentAction::Refuse;
  ContentMode mode = ContentMode::Enforce;
  std::string recipient;  // "user@a.example", "a.example"; empty: all
  std::string note;
  WallTime added{};
  std::vector<ContentCondition> also{};  // "and": at most most_content_conditions with the first
  friend bool operator==(const ContentRow&, const ContentRow&) = default;
};

inline constexpr std::size_t most_content_rows = 1'000, longest_content_text = 1'000, most_content_conditions = 20;

[[nodiscard]] std::string_view content_part_name(ContentPart part);        // "header", "body", "attachment", "client"
[[nodiscard]] std::string_view content_action_name(ContentAction action);  // "pass", "tag", "quarantine", "refuse"
[[nodiscard]] std::string_view content_mode_name(ContentMode mode);        // "enforce", "shadow", "off"
[[nodiscard]] std::optional<ContentPart> parse_content_part(std::string_view name);
[[nodiscard]] std::optional<ContentAction> parse_content_action(std::string_view name);
[[nodiscard]] std::optional<ContentMode> parse_content_mode(std::string_view name);

// "header Subject: words", "body: words", "attachment: .exe", "client: 192.0.2.0/24": a condition as people write and read it.
[[nodiscard]] std::string condition_text(const ContentCondition& condition);
[[nodiscard]] Result<ContentCondition, std::string> parse_condition_text(std::string_view text);

// The one form of a row (field and recipient normal); one sentence with a remedy when it cannot be one.
[[nodiscard]] Result<ContentRow, std::string> normal_content_row(ContentRow row);

// "content TAB name TAB header TAB Subject TAB pattern TAB refuse TAB enforce TAB recipient TAB added TAB note", and "TAB part TAB field TAB pattern" for each further condition: what `hikyaku policy content export` writes, and what reception is told.
[[nodiscard]] std::string print_content_row(const ContentRow& row);
// Normal rows only.
[[nodiscard]] std::optional<ContentRow> parse_content_row(std::string_view line);

}  // namespace hikyaku::directory
