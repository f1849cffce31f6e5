"""The words of `vocabulary` in fourteen further languages.

Dutch, Swedish, Danish, Norwegian, Finnish, Czech, Slovak, Hungarian, Romanian, Greek, Bulgarian, Vietnamese, Indonesian
(Malay) and Thai; role to phrases, written as there.
"""

from __future__ import annotations

from typing import Final

MORE: Final[dict[str, str]] = {
    "paper": """
        ontvanger, mottagare, modtager, mottaker, vastaanottaja, příjemce, príjemca, címzett, destinatar,
        người nhận, penerima,
        factuurnummer, factuurdatum, vervaldatum, track en trace, trackingnummer, fakturanummer, fakturadatum,
        förfallodatum, kollinummer, forfaldsdato, forfallsdato, laskun numero, eräpäivä, seurantakoodi, číslo
        faktury, datum splatnosti, číslo zásilky, dopravce, číslo zásielky, számlaszám, fizetési határidő,
        csomagszám, număr factură, data scadenței, αριθμός τιμολογίου, номер на фактура, mã vận đơn, số hóa đơn,
        nomor resi, nomor faktur
    """,
    "id": """
        bestelnummer, ordernummer, ordrenummer, tilausnumero, číslo objednávky, rendelésszám, număr comandă, αριθμός
        παραγγελίας, номер на поръчка, mã đơn hàng, nomor pesanan
    """,
    "username": """
        gebruikersnaam, användarnamn, brugernavn, brukernavn, käyttäjätunnus, käyttäjänimi, uživatelské jméno,
        používateľské meno, felhasználónév, nume utilizator, όνομα χρήστη, потребителско име, tên đăng nhập, nama
        pengguna, ชื่อผู้ใช้
    """,
    "password": """
        wachtwoord, lösenord, adgangskode, passord, salasana, heslo, jelszó, parolă, κωδικός πρόσβασης, парола, mật
        khẩu, kata sandi, รหัสผ่าน
    """,
    "ip": """
        ip adres, ip adress, ip osoite, ip cím, ip adresa, διεύθυνση ip, địa chỉ ip, alamat ip
    """,
    "user_agent": """
        webbläsare, nettleser, selain, prohlížeč, prehliadač, böngésző, trình duyệt, peramban
    """,
    "page_url": """
        pagina adres, verzonden vanaf pagina, vanaf pagina, sida, sidans adress, skickat från sidan, side, sendt fra
        side, sivu, stránka, adresa stránky, odesláno ze stránky, oldal, oldal címe, pagina formularului, σελίδα,
        страница, trang, trang gửi, từ trang, halaman, url halaman, dari halaman, หน้า
    """,
    "form": """
        formulier, formulär, skjema, lomake, formulář, formulár, űrlap, φόρμα, biểu mẫu, formulir, แบบฟอร์ม
    """,
    "consent": """
        akkoord, toestemming, privacyverklaring, privacybeleid, voorwaarden, samtycke, godkänner, integritetspolicy,
        personuppgifter, samtykke, persondata, personopplysninger, vilkår, suostumus, tietosuoja, tietosuojaseloste,
        souhlas*, osobních údajů, zpracováním osobních údajů, súhlas*, osobných údajov, hozzájárul*, adatkezelés*,
        adatvédelmi, elfogadom, acord, sunt de acord, date personale, συγκατάθεση, αποδέχομαι, συμφωνώ, съгласен,
        съгласие, лични данни, đồng ý, chính sách bảo mật, setuju, persetujuan, kebijakan privasi, ยินยอม
    """,
    "email": """
        e mailadres, emailadres, mailadres, uw e mail, e post, epost, e postadress, epostadress, mejl, mejladress,
        mailadress, e mailadresse, e postadresse, epostadresse, sähköposti, sähköpostiosoite, e mailová adresa,
        emailová adresa, e mailový, váš e mail, email cím, e mail cím, e mail címe, adresa de email, adresă de
        email, adresa de e mail, ηλεκτρονικό ταχυδρομείο, ηλ ταχυδρομείο, διεύθυνση email, имейл, имейл адрес,
        електронна поща, ел поща, địa chỉ email, thư điện tử, hộp thư, alamat email, surel, alamat surel, อีเมล,
        อีเมล์
    """,
    "phone": """
        telefoonnummer, telefoon, gsm nummer, mobiel, mobiele nummer, mobiel nummer, 06 nummer, bel mij op,
        bereikbaar op, telefonnummer, mobilnummer, tlf, tlf nr, mobilnr, telefon nr, puhelin, puhelinnumero, puh,
        matkapuhelin, mobil, telefonní číslo, mobilní telefon, telefónne číslo, mobilné číslo, telefonszám,
        mobilszám, telefonszáma, număr de telefon, număr telefon, nr de telefon, τηλέφωνο, κινητό, τηλέφωνο
        επικοινωνίας, κινητό τηλέφωνο, телефонен номер, мобилен телефон, gsm номер, số điện thoại, điện thoại, sđt,
        số đt, di động, số di động, zalo, nomor telepon, no telepon, telepon, no telp, telp, no hp, nomor hp, =hp,
        nomor ponsel, ponsel, no wa, nomor wa, nomor whatsapp, no whatsapp, no tel, nombor telefon, เบอร์โทร,
        เบอร์โทรศัพท์, โทรศัพท์, เบอร์ติดต่อ
    """,
    "website": """
        uw website, hemsida, webbplats, hjemmeside, nettside, verkkosivu, webová stránka, honlap, ιστοσελίδα, trang
        web, situs web
    """,
    "company": """
        bedrijf, bedrijfsnaam, naam bedrijf, organisatie, företag, företagsnamn, företagets namn, bolag, virksomhed,
        virksomhedens navn, firmanavn, bedriftens navn, yritys, yrityksen nimi, organisaatio, společnost, název
        firmy, název společnosti, spoločnosť, názov firmy, názov spoločnosti, cég, cégnév, cég neve, vállalat,
        companie, companiei, nume firmă, firmă, numele companiei, εταιρεία, εταιρία, επωνυμία, фирма, име на фирма,
        công ty, tên công ty, đơn vị, perusahaan, nama perusahaan, instansi, syarikat, บริษัท, ชื่อบริษัท
    """,
    "topic": """
        soort aanvraag, categorie, afdeling, typ av ärende, kategori, avdelning, osasto, typ dotazu, kategorie,
        oddělení, kategória, κατηγορία, отдел, loại yêu cầu, bộ phận
    """,
    "product": """
        vara, artikel, objekt, nemovitost, ingatlan, bất động sản, properti,
        productnaam, welk product, gewenst product, produktnamn, vilken produkt, vare, produktnavn, tuote, tuotteen
        nimi, výrobek, název produktu, produktu, zboží, výrobok, názov produktu, tovar, termék, termék neve, termék
        név, produs, nume produs, produsul, προϊόν, продукт, стока, sản phẩm, tên sản phẩm, produk, nama produk,
        สินค้า, ชื่อสินค้า
    """,
    "rating": """
        beoordeling, cijfer, betyg, bedømmelse, vurdering, arvosana, hodnocení, hodnotenie, értékelés, evaluare,
        βαθμολογία, đánh giá, penilaian
    """,
    "subject": """
        onderwerp, ämne, ärende, emne, aihe, otsikko, předmět, předmět zprávy, predmet, tárgy, téma, subiect,
        subiectul, θέμα, относно, chủ đề, tiêu đề, subjek, judul, perihal, หัวข้อ, เรื่อง
    """,
    "date": """
        datum en tijd, ingezonden op, verzonden op, tijdstip, datum och tid, tid, skickat, inskickat, dato,
        tidspunkt, sendt, indsendt, päivämäärä, aika, lähetetty, datum a čas, odesláno, dátum, odoslané, időpont,
        beküldve, elküldve, beküldés ideje, data si ora, trimis la, ημερομηνία, ώρα, дата и час, изпратено на, ngày,
        thời gian, ngày gửi, thời gian gửi, tanggal, waktu, tanggal kirim, dikirim pada, วันที่
    """,
    "country": """
        maa, země, krajina, ország, țară, χώρα, държава, quốc gia, negara, ประเทศ
    """,
    "city": """
        woonplaats, plaats, stad, paikkakunta, kaupunki, město, mesto, obec, város, település, oraș, πόλη, град,
        thành phố, tỉnh, kota, จังหวัด
    """,
    "address": """
        straat, huisnummer, straat en huisnummer, leveringsadres, adress, gatuadress, leveransadress, postnummer,
        gade, leveringsadresse, osoite, postinumero, toimitusosoite, adresa, ulice, psč, cím, szállítási cím,
        irányítószám, adresă, διεύθυνση, адрес за доставка, địa chỉ, địa chỉ giao hàng, alamat, alamat lengkap,
        alamat pengiriman, ที่อยู่
    """,
    "first_name": """
        voornaam, förnamn, fornavn, etunimi, křestní jméno, krstné meno, keresztnév, utónév, prenume, prenumele,
        nama depan
    """,
    "last_name": """
        achternaam, familienaam, efternamn, efternavn, etternavn, sukunimi, příjmení, priezvisko, vezetéknév,
        családnév, nume de familie, επώνυμο, επίθετο, nama belakang, นามสกุล
    """,
    "name": """
        patiënt, besteller, aanvrager, gast, deelnemer, leerling, kandidaat, ouder, patient, elev, gäst, deltagare,
        sökande,
        beställare, gæst, deltager, ansøger, gjest, deltaker, søker, potilas, vieras, osallistuja, hakija, tilaaja,
        pacient,
        host, účastník, žadatel, objednatel, student, žák, hosť, žiadateľ, páciens, vendég, résztvevő, jelentkező,
        oaspete,
        participant, solicitant, ασθενής, επισκέπτης, пациент, гост, участник, заявител, bệnh nhân, học viên,
        họ tên khách, người đặt, người đăng ký, pasien, tamu, pemesan, peserta, pelamar, siswa,
        naam, uw naam, volledige naam, voor en achternaam, contactpersoon, klant, naam klant, hoe heet je, afzender,
        namn, ditt namn, för och efternamn, fullständigt namn, kontaktperson, kund, kundens namn, vad heter du,
        avsändare, navn, dit navn, ditt navn, fulde navn, fullt navn, for og efternavn, kunde, hvad hedder du, nimi,
        koko nimi, nimesi, yhteyshenkilö, asiakas, lähettäjä, jméno, vaše jméno, jméno a příjmení, celé jméno,
        kontaktní osoba, zákazník, odesílatel, jak se jmenujete, meno, vaše meno, meno a priezvisko, kontaktná
        osoba, név, teljes név, neve, az ön neve, kapcsolattartó, ügyfél, ügyfél neve, feladó, nume, numele, numele
        tău, numele dumneavoastră, nume complet, nume și prenume, nume prenume, persoană de contact, expeditor,
        όνομα, ονοματεπώνυμο, το όνομά σας, πελάτης, υπεύθυνος επικοινωνίας, име, вашето име, трите имена, име и
        фамилия, подател, =tên, họ tên, họ và tên, tên của bạn, tên khách hàng, khách hàng, người liên hệ, người
        gửi, quý danh, tên liên hệ, nama, nama anda, nama lengkap, nama pelanggan, pelanggan, pengirim, nama kontak,
        nama pemesan, nama penuh, ชื่อ, ชื่อ นามสกุล, ชื่อลูกค้า, ผู้ติดต่อ
    """,
    "message": """
        vzkaz, váš vzkaz, odkaz pre nás, elképzelés, alte detalii, triệu chứng, gejala, meddelande till oss,
        besked til os,
        keluhan, aduan, důvod návštěvy, obtíže, dôvod návštevy, reden van bezoek, klacht, klachten, extra wensen, övriga
        upplysningar, övriga önskemål, besöksorsak, panasz, motivul vizitei, tình trạng, yêu cầu đặc biệt,
        permintaan khusus,
        bericht, uw bericht, jouw bericht, je bericht, =vraag, uw vraag, je vraag, =vragen, opmerking, opmerkingen,
        toelichting, omschrijving, waarmee kunnen we helpen, waarmee kunnen wij helpen, waarmee kunnen we je helpen,
        waarmee kunnen wij u helpen, waar kunnen we mee helpen, bijzonderheden, uw aanvraag, wensen, vertel ons
        meer, aanvullende informatie, meddelande, ditt meddelande, =fråga, din fråga, =frågor, beskrivning,
        kommentarer, önskemål, övrigt, vad kan vi hjälpa dig med, hur kan vi hjälpa dig, övrig information, berätta
        mer, besked, din besked, =spørgsmål, dit spørgsmål, bemærkninger, beskrivelse, hvad kan vi hjælpe med,
        melding, din melding, meldingen din, beskjed, hva kan vi hjelpe deg med, hva gjelder det, henvendelse,
        viesti, viestisi, viestin sisältö, kysymys, kysymyksesi, lisätiedot, toiveet, kuvaus, miten voimme auttaa,
        kuinka voimme auttaa, zpráva, vaše zpráva, text zprávy, obsah zprávy, dotaz, váš dotaz, poznámka, poznámky,
        popis, komentář, požadavek, přání, poptávka, s čím vám můžeme pomoci, jak vám můžeme pomoci, co potřebujete,
        doplňující informace, správa, vaša správa, text správy, otázka, vaša otázka, požiadavka, üzenet, üzenete, az
        ön üzenete, üzenet szövege, kérdés, kérdése, megjegyzés, megjegyzések, leírás, miben segíthetünk, mesajul,
        mesajul tău, mesajul dumneavoastră, întrebare, întrebarea, observații, detalii, cu ce vă putem ajuta,
        μήνυμα, το μήνυμά σας, ερώτηση, σχόλια, παρατηρήσεις, περιγραφή, съобщение, вашето съобщение, въпрос, вашият
        въпрос, бележка, забележка, запитване, коментар, nội dung, nội dung tin nhắn, nội dung liên hệ, tin nhắn,
        lời nhắn, câu hỏi, ghi chú, yêu cầu, yêu cầu của bạn, mô tả, bạn cần hỗ trợ gì, chúng tôi có thể giúp gì cho
        bạn, pesan, pesan anda, isi pesan, pertanyaan, pertanyaan anda, catatan, keterangan, deskripsi, keperluan,
        permintaan, komentar, apa yang bisa kami bantu, mesej, soalan, ข้อความ, รายละเอียด, คำถาม, หมายเหตุ
    """,
}
"""Role to phrases."""

SENT: Final = """
    verzonden verstuurd ingezonden ontvangen skickat skickades sendt modtaget mottatt lähetet odeslán odoslan zaslán
    elküld beküld trimis στάλθηκε εστάλη изпратен dikirim terkirim
"""
PLACE: Final = """
    webbplats hemsid hjemmesid nettsid nettsted verkkosiv lomak formulář webov stránk stránok weboldal honlap űrlap
    φόρμα ιστοσελίδα situs skjema
"""
MAIL: Final = "bericht mejl meddelande besked melding viesti zpráva správa üzenet mesajul μήνυμα съобщение pesan formul"
NEWS: Final = """
    aanvraag förfråg henvendels yhteydenot poptávk dotaz dopyt érdeklődés megkeres ajánlatkérés solicitare cerere
    запитван permintaan
"""
