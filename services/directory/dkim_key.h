// Which keys sign the mail of which domain (DKIM), as the directory knows it: names, dates and public keys. The private keys
// are elsewhere, and `signer` alone reads them (services/signing/key_store.h). Pure.
//
// A key's life: Prepared (made, its record is to be published) -> Active (signs) -> Retired (another one took over; its record
// stays in DNS while mail that it signed is still under way) -> removed. Of each algorithm a domain has one active key at most.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "protocol/dkim/keys.h"

namespace hikyaku::directory {

enum class DkimStage : std::uint8_t { Prepared, Active, Retired };
[[nodiscard]] std::string_view stage_name(DkimStage stage);  // "prepared"

// Whether it becomes active by itself once DNS shows its record.
enum class TakesOver : std::uint8_t { WhenOrdered, WhenPublished };

struct DkimKey {
  std::string domain, selector;  // lower-case A-labels
  dkim::Algorithm algorithm = dkim::Algorithm::RsaSha256;
  DkimStage stage = DkimStage::Prepared;
  TakesOver takes_over = TakesOver::WhenPublished;
  std::string name;           // of the private key, at signer: key_name_of(public_octets)
  std::string public_octets;  // as p= has them, before base64
  WallTime created{};
  // Zero: not yet.
  WallTime published{};  // since when DNS has shown its record at every look
  WallTime activated{}, retired{};
  friend bool operator==(const DkimKey&, const DkimKey&) = default;
};

inline constexpr std::size_t most_keys_of_a_domain = 20;

// Whether its turn has come: DNS has shown its record for `settled`.
[[nodiscard]] bool is_due(const DkimKey& key, WallTime now, Duration settled);
// From then on nobody needs its record in DNS any more; nothing: it is not retired.
[[nodiscard]] std::optional<WallTime> record_needed_until(const DkimKey& key, Duration kept);

// "s._domainkey.example.jp" can be asked for in DNS: labels of letters, digits and inner hyphens, 253 octets in all.
[[nodiscard]] bool is_selector(std::string_view selector, std::string_view domain);

}  // namespace hikyaku::directory
