// ContentTable: the directory's content rows, made ready to look at messages. Words are found as a reader sees them: decoded from transfer encodings and charsets,
// full and half width, letter case and composed kana alike. Expressions (RE2) see the decoded text as it is. Archives are not opened. Pure; linear in the message for each row.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/socket_address.h"
#include "mail/envelope.h"
#include "services/directory/content.h"

namespace hikyaku::filters {

struct ContentFound {
  const directory::ContentRow* row = nullptr;
  std::string evidence;  // "Subject: ...", "attachment a.exe"; one line, short
};

// What the client of a text hears: one reply for all recipients, or one for each (LMTP, PRDR).
enum class Answers : std::uint8_t { One, OfEach };

class ContentTable {
 public:
  // Rows that are off say nothing.
  explicit ContentTable(std::vector<directory::ContentRow> rows);
  ~ContentTable();
  ContentTable(const ContentTable&) = delete;
  ContentTable& operator=(const ContentTable&) = delete;

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // An enforced row does more than let pass; where each recipient has an answer of its own, only what changes the text counts.
  [[nodiscard]] bool acts(Answers answers) const;
  // The rows that match, in the order of their names, up to the first enforced one that lets pass. `message`: as the sender wrote it, or its beginning. `client`:
  // nothing: a local socket, or not known.
  [[nodiscard]] std::vector<ContentFound> inspect(std::string_view message, const std::optional<io::IpAddress>& client = {}) const;

  [[nodiscard]] static bool concerns(const directory::ContentRow& row, const Address& recipient);
  // Who are the enforced rows of just some recipients that look at this one's mail, as one text: recipients with another one come in a transaction of their own.
  // Where each recipient has an answer of its own, only what changes the text counts.
  [[nodiscard]] std::string rows_of(const Address& recipient, Answers answers) const;

 private:
  struct Compiled;
  std::vector<Compiled> rows_;
};

}  // namespace hikyaku::filters
