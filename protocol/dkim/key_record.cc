#include "protocol/dkim/key_record.h"

#include <algorithm>

#include "base/base64.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dkim {
namespace {

bool lists(std::string_view text, std::string_view wanted) {
  return std::ranges::any_of(split(text, ':'), [&](auto one) { return one == wanted; });
}

}  // namespace

bool KeyRecord::is_for(std::string_view service) const { return lists(services, "*") || lists(services, service); }

Result<KeyRecord, std::string> parse_key_record(std::string_view text) {
  if (text.size() > most_record_octets) return failure(std::string("key record is too long"));
  const auto list = TagList::parse(text);
  if (!list) return failure(std::string("key record has a syntax error"));
  KeyRecord record;
  if (const auto* version = list->find("v"); version != nullptr && (version->value != "DKIM1" || version != &list->tags().front()))
    return failure(std::string("key record has another version"));
  if (const auto* type = list->find("k"); type != nullptr) {
    if (type->value != "rsa" && type->value != "ed25519") return failure(std::string("key record has an unknown key type"));
    record.algorithm = type->value == "rsa" ? Algorithm::RsaSha256 : Algorithm::Ed25519Sha256;
  }
  const auto* key = list->find("p");
  if (key == nullptr) return failure(std::string("key record has no key"));
  auto octets = decode_folded_base64(key->value);
  if (!octets) return failure(std::string("key record has a key that is no base64"));
  record.key = *std::move(octets);
  if (const auto* hashes = list->find("h"); hashes != nullptr) record.sha256 = lists(hashes->value, "sha256");
  if (const auto* flags = list->find("t"); flags != nullptr) record.testing = lists(flags->value, "y"), record.own_name_only = lists(flags->value, "s");
  const auto* services = list->find("s");
  record.services = services == nullptr ? std::string("*") : std::string(services->value);
  return record;
}

std::string key_record_text(Algorithm algorithm, std::string_view public_octets) {
  return "v=DKIM1; k=" + std::string(key_type_name(algorithm)) + "; p=" + base64_encode(public_octets);
}

}  // namespace hikyaku::dkim
