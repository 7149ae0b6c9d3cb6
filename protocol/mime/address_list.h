// Address lists of header fields (RFC 5322 §3.4), as found in the wild: groups, obsolete routes and dotted phrases
// (§4.4), comments as names, UTF-8, 8-bit names, missing commas and brackets. Never refuses, never recurses, linear.
// Names keep their encoded words: IMAP's ENVELOPE wants them raw; decode_header_text() makes them readable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/mime/text_store.h"

namespace hikyaku::mime {

// In the order and with the meaning of IMAP's address structure (RFC 9051 §7.5.2): a group is a GroupStart, its
// members, and a GroupEnd. An empty view is NIL, except `host` of a Mailbox (a mailbox without a domain).
struct ListedAddress {
  enum class Kind : std::uint8_t { Mailbox, GroupStart, GroupEnd };
  Kind kind = Kind::Mailbox;
  std::string_view name;      // display name (or the comment that stands for one), unquoted, unescaped, on one line
  std::string_view route;     // obsolete source route, "@a,@b" without the colon
  std::string_view mailbox;   // local part, unquoted and unescaped; of a GroupStart: the group's name
  std::string_view host;

  friend bool operator==(const ListedAddress&, const ListedAddress&) = default;
};

struct AddressLimits {
  std::size_t max_entries = 20'000;  // the rest of the list is not read
};

// Views point into `value` or `store`.
[[nodiscard]] std::vector<ListedAddress> parse_address_list(std::string_view value, TextStore& store,
                                                            AddressLimits limits = {});

// "local@host" with the local part quoted where RFC 5322 wants it; just the local part when there is no host.
[[nodiscard]] std::string address_text(const ListedAddress& address);

}  // namespace hikyaku::mime
