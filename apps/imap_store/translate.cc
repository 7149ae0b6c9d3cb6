#include "apps/imap_store/translate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/cursor.h"

namespace hikyaku::apps::imap_store {

imap::Trouble to_trouble(const mailboxes::MailboxError& error) {
  using From = mailboxes::MailboxFailure;
  using To = imap::TroubleKind;
  const auto kind = [&] {
    switch (error.kind) {
      case From::NoSuchMailbox:
      case From::NotSelectable: return To::NoSuchMailbox;
      case From::AlreadyExists: return To::AlreadyExists;
      case From::BadName:
      case From::Protected: return To::NotAllowed;
      case From::HasChildren: return To::HasChildren;
      case From::NoSuchMessage: return To::NoSuchMessage;
      case From::OverQuota: return To::OverQuota;
      case From::LimitReached: return To::TooLarge;
      case From::Busy: return To::InUse;
      case From::OutcomeUnknown: return To::OutcomeUnknown;
      case From::NoSpace:
      case From::Broken: return To::Unavailable;
    }
    return To::Unavailable;
  }();
  return {kind, error.what};
}

imap::MessageFlags to_imap(const mailboxes::Flags& flags) { return {flags.system, flags.keywords}; }

mailboxes::Flags to_store(const imap::MessageFlags& flags) {
  mailboxes::Flags stored{flags.system, flags.keywords};
  std::ranges::sort(stored.keywords, {}, [](const std::string& keyword) { return ascii_lower(std::string_view(keyword)); });
  return stored;
}

namespace {

constexpr std::pair<mailboxes::SpecialUse, imap::SpecialUse> uses[] = {
    {mailboxes::SpecialUse::None, imap::UseNone},       {mailboxes::SpecialUse::All, imap::UseAll},
    {mailboxes::SpecialUse::Archive, imap::UseArchive}, {mailboxes::SpecialUse::Drafts, imap::UseDrafts},
    {mailboxes::SpecialUse::Flagged, imap::UseFlagged}, {mailboxes::SpecialUse::Junk, imap::UseJunk},
    {mailboxes::SpecialUse::Sent, imap::UseSent},       {mailboxes::SpecialUse::Trash, imap::UseTrash}};

}  // namespace

std::uint8_t to_imap(mailboxes::SpecialUse use) {
  for (const auto& [stored, wire] : uses) {
    if (stored == use) return wire;
  }
  return imap::UseNone;
}

std::optional<mailboxes::SpecialUse> to_store_use(std::uint8_t wanted) {
  for (const auto& [stored, wire] : uses) {
    if (wire == wanted) return stored;
  }
  return std::nullopt;
}

std::vector<mailboxes::Uid> to_uids(const imap::NumberSet& set) {
  std::vector<mailboxes::Uid> uids;
  uids.reserve(set.count());
  for (const auto& range : set.ranges()) {
    for (std::uint64_t uid = range.first; uid <= range.last; ++uid) uids.emplace_back(static_cast<std::uint32_t>(uid));
  }
  return uids;
}

std::vector<imap::NumberRange> to_ranges(const std::vector<mailboxes::Uid>& uids) {
  std::vector<imap::NumberRange> ranges;
  for (const auto uid : uids) {
    if (!ranges.empty() && ranges.back().last + 1 == uid.value()) {
      ranges.back().last = uid.value();
    } else {
      ranges.push_back({uid.value(), uid.value()});
    }
  }
  return ranges;
}

std::string email_id(const mailboxes::MessageRecord& record) {
  std::array<char, 40> text;
  auto end = std::to_chars(text.data(), text.data() + 16, record.body_checksum, 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), record.octets, 16).ptr;
  return "e" + std::string(text.data(), end);
}

std::optional<WallTime> save_date(const mailboxes::MessageRecord& record) {
  if (record.saved_at == WallTime{}) return std::nullopt;
  return record.saved_at;
}

}  // namespace hikyaku::apps::imap_store
