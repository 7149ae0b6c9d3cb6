#include "protocol/dmarc/report_mail.h"

#include <zlib.h>

#include <memory>

#include "base/check.h"
#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::dmarc {
namespace {

constexpr std::string_view gzip_mark = "\x1f\x8b", zip_mark = "PK\x03\x04";
constexpr std::size_t most_parts_tried = 20;

// zlib's windowBits: a gzip header is wanted, or none at all.
enum class Wrapping : int { Gzip = 15 + 16, None = -15 };

Result<std::string, std::string> inflated(std::string_view octets, Wrapping wrapping, std::size_t most_octets) {
  z_stream stream{};
  if (inflateInit2(&stream, static_cast<int>(wrapping)) != Z_OK) return failure(std::string("zlib has no memory"));
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(octets.data()));  // zlib only reads it
  stream.avail_in = static_cast<unsigned>(octets.size());
  std::string out;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    const auto begin = out.size();
    if (begin >= most_octets) return failure(std::string("the report is too large"));
    out.resize(std::min(begin + 65'536, most_octets));
    stream.next_out = reinterpret_cast<unsigned char*>(out.data() + begin);
    stream.avail_out = static_cast<unsigned>(out.size() - begin);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (state != Z_OK && state != Z_STREAM_END) return failure(std::string("the compressed report is damaged"));
  }
  return out;
}

std::size_t number(std::string_view text, std::size_t at, std::size_t octets) {
  std::size_t value = 0;
  while (octets-- > 0) value = value << 8 | static_cast<unsigned char>(text[at + octets]);
  return value;
}

// The local header of the first file (APPNOTE 4.3.7): method at 8, sizes at 18, lengths of name and extra field at 26.
Result<std::string, std::string> first_of_zip(std::string_view octets, std::size_t most_octets) {
  constexpr std::size_t header = 30;
  const std::string damaged = "the zip is damaged";
  if (octets.size() < header) return failure(damaged);
  const auto encrypted = number(octets, 6, 2) & 1, method = number(octets, 8, 2), size = number(octets, 18, 4);
  const auto begin = header + number(octets, 26, 2) + number(octets, 28, 2);
  if (begin > octets.size() || encrypted != 0) return failure(damaged);
  const auto content = octets.substr(begin);
  if (method == 8) return inflated(content, Wrapping::None, most_octets);
  if (method != 0 || size > content.size()) return failure(damaged);
  if (size > most_octets) return failure(std::string("the report is too large"));
  return std::string(content.substr(0, size));
}

bool looks_like_report(std::string_view octets) {
  const auto begin = octets.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return octets.starts_with(gzip_mark) || octets.starts_with(zip_mark) || (begin != std::string_view::npos && octets[begin] == '<' && octets.find("feedback") != std::string_view::npos);
}

}  // namespace

Result<std::string, std::string> unpack_report(std::string_view octets, std::size_t most_octets) {
  if (octets.size() > most_octets) return failure(std::string("the report is too large"));
  if (octets.starts_with(gzip_mark)) return inflated(octets, Wrapping::Gzip, most_octets);
  if (octets.starts_with(zip_mark)) return first_of_zip(octets, most_octets);
  return std::string(octets);
}

std::string pack_report(std::string_view xml) {
  z_stream stream{};
  check(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, static_cast<int>(Wrapping::Gzip), 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib can compress");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, &deflateEnd);
  std::string out(deflateBound(&stream, xml.size()), '\0');
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(xml.data()));  // zlib only reads it
  stream.avail_in = static_cast<unsigned>(xml.size());
  stream.next_out = reinterpret_cast<unsigned char*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "the bound of zlib holds");
  out.resize(stream.total_out);
  return out;
}

Result<AggregateReport, std::string> report_in_mail(std::string_view message) {
  std::string why = "there is no report in this mail";
  if (message.size() > most_report_octets) return failure(std::string("the mail is too large"));
  const auto structure = mime::Structure::parse(message);
  std::size_t tried = 0;
  for (const auto& part : structure.parts) {
    if (part.kind != mime::Part::Kind::Leaf) continue;
    const auto octets = mime::decode_body(mime::transfer_encoding(part.encoding), part.body.in(message));
    if (!looks_like_report(octets)) continue;
    if (++tried > most_parts_tried) break;
    const auto xml = unpack_report(octets);
    if (!xml) {
      why = xml.error();
      continue;
    }
    auto report = parse_report(*xml);
    if (report) return *std::move(report);
    why = "octet " + std::to_string(report.error().at_octet) + " of the report: " + std::string(report.error().expected) + " is expected";
  }
  return failure(why);
}

}  // namespace hikyaku::dmarc
