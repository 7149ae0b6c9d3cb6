// SRS, the Sender Rewriting Scheme: the reverse-path of forwarded mail as an address of ours, which its bounces find back
// by. The next hop then checks SPF (RFC 7208 §9) against our domain and not against the sender's, who never named us.
// The scheme has no RFC; the form is that of Wong and Weinstein, "SRS: Sender Rewriting Scheme" (2004), as libsrs2 and
// postsrsd have it:
//   SRS0=HASH=TT=domain=local@us              local@domain, forwarded by us
//   SRS1=HASH=first.example=SRS0'S REST@us    forwarded by us after first.example, whose hash it is that counts there
// Pure: keys and time are given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mail/address.h"

namespace hikyaku::srs {

constexpr std::size_t hash_letters = 6;           // of 5 bits each
constexpr auto accepted_for = std::chrono::days{21};  // a bounce that comes later is refused
constexpr std::size_t least_secret_octets = 16;

// The first one signs; all of them are accepted, so that a new one can take over.
using Secrets = std::vector<std::string>;

// The letters that stand for "SRS0=" or "SRS1=" ('+' and '-' separate too), in any case: whether a bounce's recipient may be one.
[[nodiscard]] bool looks_rewritten(const Address& address);

// `sender` as an address in `domain`. Nothing when it does not fit in a local part (64 octets, RFC 5321 §4.5.3.1.1), the
// sender is not such as SRS can carry, or there is no secret. An SRS0 or SRS1 address of somebody else becomes SRS1.
[[nodiscard]] std::optional<Address> rewrite(const Address& sender, std::string_view domain, const Secrets& secrets, WallTime now);

enum class Refusal : std::uint8_t {
  NotRewritten,  // not of this form at all
  BadForm,
  BadHash,       // not made here, or changed on the way
  TooOld,        // or from a day that has not come
};
// Whom a bounce to `address` is for. Linear.
[[nodiscard]] Result<Address, Refusal> restore(const Address& address, const Secrets& secrets, WallTime now);

}  // namespace hikyaku::srs
