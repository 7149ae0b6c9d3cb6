// What a mailing list is called, and who may post to it. Reception asks at RCPT and delivery when it makes the copies; both
// go by these functions. Pure.
#pragma once

#include <string>
#include <string_view>

#include "services/directory/directory.h"

namespace hikyaku::directory {

enum class ListRole : std::uint8_t { Owner, Request, Bounces };
// "name-owner@domain" and its like.
[[nodiscard]] std::string list_role_address(std::string_view list, ListRole role);
// Where errors of the copies go: their reverse-path.
[[nodiscard]] std::string bounce_address(const MailingList& list);
// RFC 2919 §3: "name.domain", without the angle brackets.
[[nodiscard]] std::string list_id(const MailingList& list);

// Whether we know who the sender is, or only what the client said. A name in a domain of ours counts for nothing unless it
// was logged in with, comes from a network that may relay, or is our own mail.
enum class SenderIs : std::uint8_t { Claimed, Known };
[[nodiscard]] SenderIs sender_is(const Snapshot& directory, std::string_view account, std::string_view client_address);

enum class PostVerdict : std::uint8_t { ToMembers, ToModerators, ToOwners, Refused };
// Error mail and other mail without a sender is for the owners.
[[nodiscard]] PostVerdict judge_post(const Snapshot& directory, const MailingList& list, const ReversePath& sender, SenderIs sender_is);
// One sentence for the refused.
[[nodiscard]] std::string refusal_of_post(const MailingList& list);

[[nodiscard]] bool is_member(const MailingList& list, const Address& address);  // a binary search

[[nodiscard]] std::string_view posting_name(Posting posting);  // "anyone", "members", "listed", "moderators"

}  // namespace hikyaku::directory
