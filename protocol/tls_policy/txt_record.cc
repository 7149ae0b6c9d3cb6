#include "protocol/tls_policy/txt_record.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/percent.h"

namespace hikyaku::tls_policy {
namespace {

constexpr std::size_t most_record_octets = 4096;
constexpr std::size_t most_name_octets = 32, most_id_octets = 32, most_addresses = 10;

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; }
struct Field {
  std::string_view name, value;
};

// version 1*( *WSP ";" *WSP name "=" value ) [ *WSP ";" *WSP ]      RFC 8461 §3.1, RFC 8460 §3
std::optional<std::vector<Field>> read_fields(std::string_view record, std::string_view version) {
  if (record.size() > most_record_octets) return std::nullopt;
  Cursor in(record);
  if (!in.take(version)) return std::nullopt;
  std::vector<Field> fields;
  for (;;) {
    in.take_while(is_space);
    if (in.at_end()) break;
    if (!in.take(';')) return std::nullopt;
    in.take_while(is_space);
    if (in.at_end()) break;
    Field field;
    field.name = in.take_while(is_name);
    if (field.name.empty() || field.name.size() > most_name_octets || !in.take('=')) return std::nullopt;
    field.value = in.take_while([](char c) { return c != ';' && !is_ctl(c) && !is_eight_bit(c); });
    while (!field.value.empty() && is_space(field.value.back())) field.value.remove_suffix(1);
    if (field.value.empty()) return std::nullopt;
    fields.push_back(field);
  }
  return fields;
}

// The one record that begins with the version; nothing when there is none, or several.
std::optional<std::string_view> only_record(const std::vector<std::string>& records, std::string_view version) {
  std::optional<std::string_view> found;
  for (const auto& record : records) {
    const std::string_view text = record;
    if (!text.starts_with(version)) continue;
    const auto next = text.substr(version.size()).find_first_not_of(" \t");
    if (next != std::string_view::npos && text[version.size() + next] != ';') continue;  // "v=STSv10"
    if (found) return std::nullopt;
    found = text;
  }
  return found;
}

// tlsrpt-uri = URI, "," and ";" and "!" percent-encoded
void take_uri(std::string_view uri, ReportAddresses& out) {
  if (starts_with_ignoring_case(uri, "mailto:")) {
    uri.remove_prefix(7);
    if (uri.find('?') != std::string_view::npos) uri = uri.substr(0, uri.find('?'));
    const auto address = percent_decode(uri);
    const auto is_graphic = [](char c) { return c > 0x20 && c < 0x7f; };
    if (address && std::ranges::all_of(*address, is_graphic) && address->find('@') != std::string::npos && out.mail.size() < most_addresses) out.mail.push_back(*address);
  } else if (starts_with_ignoring_case(uri, "https://") && uri.size() > 8 && out.https.size() < most_addresses) {
    out.https.emplace_back(uri);
  }
}

}  // namespace

std::optional<std::string> read_sts_id(const std::vector<std::string>& txt_records) {
  const auto record = only_record(txt_records, "v=STSv1");
  if (!record) return std::nullopt;
  const auto fields = read_fields(*record, "v=STSv1");
  if (!fields) return std::nullopt;
  const auto id = std::ranges::find(*fields, "id", &Field::name);
  if (id == fields->end() || id->value.size() > most_id_octets) return std::nullopt;
  if (!std::ranges::all_of(id->value, [](char c) { return is_alpha(c) || is_digit(c); })) return std::nullopt;
  // Values of fields nobody knows: %x21-3A / %x3C / %x3E-7E
  if (std::ranges::any_of(*fields, [](const Field& field) { return field.value.find_first_of(" =") != std::string_view::npos; })) return std::nullopt;
  return std::string(id->value);
}

std::optional<ReportAddresses> read_report_addresses(const std::vector<std::string>& txt_records) {
  const auto record = only_record(txt_records, "v=TLSRPTv1");
  if (!record) return std::nullopt;
  const auto fields = read_fields(*record, "v=TLSRPTv1");
  if (!fields) return std::nullopt;
  const auto rua = std::ranges::find(*fields, "rua", &Field::name);
  if (rua == fields->end()) return std::nullopt;
  ReportAddresses out;
  for (Cursor in(rua->value); !in.at_end(); in.take(',')) {
    in.take_while(is_space);
    take_uri(in.take_while([](char c) { return c != ',' && !is_space(c); }), out);
    in.take_while(is_space);
    if (!in.at_end() && in.peek() != ',') return std::nullopt;
  }
  if (out.mail.empty() && out.https.empty()) return std::nullopt;
  return out;
}

}  // namespace hikyaku::tls_policy
