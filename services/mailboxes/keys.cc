#include "services/mailboxes/keys.h"

#include "base/checksum.h"

namespace hikyaku::mailboxes::keys {

std::string big_endian(std::uint64_t number, int octets) {
  std::string out(static_cast<std::size_t>(octets), '\0');
  for (int at = octets; at-- > 0; number >>= 8) out[static_cast<std::size_t>(at)] = static_cast<char>(number & 0xff);
  return out;
}

std::uint64_t big_endian(std::string_view octets) {
  std::uint64_t number = 0;
  for (const char octet : octets) number = number << 8 | static_cast<unsigned char>(octet);
  return number;
}

namespace {
std::string with_mailbox(char kind, MailboxId id) { return kind + big_endian(id.value(), 4); }
}  // namespace

std::string mailbox(MailboxId id) { return with_mailbox('b', id); }
std::string garbage(MailboxId id) { return with_mailbox('g', id); }
std::string name(std::string_view mailbox_name) { return "n" + std::string(mailbox_name); }
std::string subscription(std::string_view mailbox_name) { return "s" + std::string(mailbox_name); }
std::string counter(MailboxId id, Counter which) { return with_mailbox('k', id) + static_cast<char>(which); }
std::string counters(MailboxId id) { return with_mailbox('k', id); }
std::string row(char kind, MailboxId id, Uid uid) { return with_mailbox(kind, id) + big_endian(uid.value(), 4); }
std::string rows(char kind, MailboxId id) { return with_mailbox(kind, id); }
std::string change(MailboxId id, ModSeq modseq, Uid uid) {
  return with_mailbox('c', id) + big_endian(modseq.value(), 8) + big_endian(uid.value(), 4);
}
std::string changes(MailboxId id) { return with_mailbox('c', id); }
std::string shares(const storage::BlobId& blob) { return "r" + blob.value(); }
std::string erasure(const storage::BlobId& blob) { return "e" + blob.value(); }

std::string deliveries(const TraceId& id) {
  return "d" + big_endian(id.node, 2) + big_endian(id.journal, 2) + big_endian(id.owner, 4) + big_endian(id.sequence, 8);
}

std::string delivery(const TraceId& id, std::string_view original_recipient, std::string_view mailbox_name) {
  const std::uint64_t recipient = checksum(original_recipient);
  return deliveries(id) + big_endian(recipient, 8) + big_endian(checksum(mailbox_name, recipient), 8);
}

TraceId message_of(std::string_view key) {
  return {static_cast<std::uint16_t>(big_endian(key.substr(1, 2))), static_cast<std::uint16_t>(big_endian(key.substr(3, 2))),
          static_cast<std::uint32_t>(big_endian(key.substr(5, 4))), big_endian(key.substr(9, 8))};
}

Uid uid_of(std::string_view key) { return Uid{static_cast<std::uint32_t>(big_endian(key.substr(key.size() - 4)))}; }
ModSeq modseq_of(std::string_view change_key) { return ModSeq{big_endian(change_key.substr(5, 8))}; }

std::string after(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::uint64_t count_of(const std::optional<std::string>& value) {
  if (!value) return 0;
  std::uint64_t number = 0;
  for (std::size_t at = value->size() < 8 ? value->size() : 8; at-- > 0;)
    number = number << 8 | static_cast<unsigned char>((*value)[at]);
  return number;
}

std::string count_value(std::uint64_t number) {
  std::string out(8, '\0');
  for (char& octet : out) octet = static_cast<char>(number & 0xff), number >>= 8;
  return out;
}

}  // namespace hikyaku::mailboxes::keys
