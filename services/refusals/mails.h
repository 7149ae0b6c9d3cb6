// The mails about those who were put off: a notice and a digest to administrators, and to a recipient whom a likely honest sender could not reach.
// Pure text making; what strangers said is written so that it can neither end a line nor command a terminal. Ids follow from what a mail is about, so that
// one that is made twice is recognised.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "services/refusals/plan.h"
#include "services/spool/message.h"

namespace hikyaku::refusals {

enum class Language : std::uint8_t { English, Japanese };

struct Origin {
  std::string hostname;
  std::uint16_t node = 1;
  WallTime now{};
  std::vector<Language> languages{Language::English};  // one below the other; the subject is in the first
};
// The link by which one decides about an entry; empty: there are no links, and the mail names the command.
using LinkFor = std::function<std::string(const policy::LedgerEntry&)>;

// How many were refused for good, by kind.
struct ForGood {
  std::map<char, std::uint64_t> by_kind;  // RefusalKind as a letter
};

// `to` without a domain: the postmaster here.
[[nodiscard]] spool::GeneratedMail notice_mail(const std::vector<Row>& rows, const Address& to, const LinkFor& link, const Origin& origin);
struct DigestPeriod {
  WallTime from, until;
};
// Nothing: nobody was put off. What was refused for good, as unknown users are all day, is no reason to write.
[[nodiscard]] std::optional<spool::GeneratedMail> digest_mail(const DigestRows& rows, const ForGood& refused, const DigestPeriod& period, const Address& to, const LinkFor& link, const Origin& origin);
// `rows`: of this recipient.
inline constexpr std::size_t most_rows_to_recipient = 20;
[[nodiscard]] spool::GeneratedMail given_up_mail(const std::vector<Row>& rows, const Address& to, const Origin& origin);

}  // namespace hikyaku::refusals
