// What rspamd answers to POST /checkv2 (rspamd.com/doc/developers/protocol.html): JSON of another program. Pure; bounded by most_reply_octets, nesting by the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/filters/header_edits.h"

namespace hikyaku::filters {

inline constexpr std::size_t most_rspamd_reply_octets = 1 << 20;

struct RspamdReply {
  enum class Action : std::uint8_t { NoAction, Greylist, AddHeader, RewriteSubject, SoftReject, Reject, Quarantine, Discard } action = Action::NoAction;
  double score = 0, required = 0;
  std::string words;       // for the client: what a rule of rspamd wants said; printable, may be empty
  std::string subject;     // RewriteSubject
  std::string spam_field;  // AddHeader: the name of the field that says so, "X-Spam" unless it names another
  // Fields it wants added and taken out (its milter block, and DKIM signatures), for every action. What is taken out goes first.
  std::vector<HeaderEdit> edits;
  // "score 7.2 of 15 (A, B, C)", of symbols those that weigh most.
  std::string summary;
};

// Nothing: no reply of rspamd's.
[[nodiscard]] std::optional<RspamdReply> parse_rspamd_reply(std::string_view json);

}  // namespace hikyaku::filters
