//! Concepts and their words: here in English, German, Spanish, French, Portuguese, Italian and Dutch, and further languages
//! in files of their own.
//!
//! `direct*` is a stem, `cash_app` are words in a row. Words in a row mean what is said of the row alone, so a row without
//! concepts takes away what its words mean elsewhere.

mod common;
mod contacts;
mod eastern;
mod northern;
mod report;

use crate::rules::poaching::concept::*;

/// All entries: concepts, and the words that have them.
pub(super) fn all() -> impl Iterator<Item = &'static (Concepts, &'static str)> {
    [WORDS, contacts::WORDS, common::WORDS, northern::WORDS, eastern::WORDS, report::WORDS].into_iter().flatten()
}

const WORDS: &[(Concepts, &str)] = &[
    (ME, "me us myself ourselves mir mich uns moi nous conmigo nosotros comigo mim connosco conosco noi mij ons mi m ci
        with_me to_me"),
    (MY, "my mine our mein meine meiner meinem meinen unser* mi mis nuestro nuestra mon ma mes notre nos meu minha meus minhas
        nosso nossa mio mia miei nostro nostra mijn onze m'n"),
    (YOUR, "your yours ur yr dein* ihre ihrer ihrem ihren euer* eure* tu tus su sus vuestro ton ta tes votre vos seu sua teu
        tua tuo suo vostro jouw je uw"),
    (YOU, "you yourself yourselves u ya du ihr dich dir ihnen euch te ti usted vous toi voce vc lei lui jou sitter* walker caregiver minder betreuer*
        cuidador* gassigeher gardien* promeneur baba oppas"),
    (I, "i ich je yo eu io ik id i'd ill wir we"),
    (CONTACT, "call calling text texting txt msg message messaging contact contacting reach reaching write writing ring dm ping
        phone holler dial
        anruf* ruf rufe rufen rufst anzurufen schreib schreibe schreiben schreibt schreibst kontaktier* meld melde melden meldet
        erreich* textet texte smse simse
        llama llame llamar llamas llamenos llamanos escrib* contacta contactar contacte contactame contactanos localiza* comunica*
        comunicar* marca marcar marcame
        appelle appeler appelez appelles ecri ecris ecrire ecrivez contacter contactez contacte joindre joignez telephone
        ligar liga ligue ligas chama chamar chame escrev* contata* contatar contate contactar entre_em_contato
        sentiamo sentirci risentiamo vediamoci chiama chiamare scriv* contatta* contattare telefona*
        bel bellen bereik* contacteer schrijf* stuur"),
    (CONTACT | ME, "llamame llameme llamanos escribeme escribame escribenos contactame contacteme contactanos marcame hablame
        hableme avisame mandame mandeme chiamami chiamaci scrivimi scriveteci contattami contattaci sentiamoci parliamoci
        telefonami messaggiami hmu ligame ligueme chamame"),
    (TALK, "talk talking chat chatting discuss speak speaking communicate communicating communication conversation conversations
        conversar conversa conversacion conversemos charlar charlemos hablar hablemos hablamos habla hable reden redet sprechen
        unterhalten kommunizier* parler parlons discuter discutons echanger falar falamos falemos fala fale falando bater_papo
        parlare parliamo parlarne praten overleggen coordinate"),
    (MOVE, "take move switch continue carry shift bring hop jump  do_this do_it do_that do_all keep_it keep_this
        keep_things sort_it sort_this organize     
        wechsel* weiter* verleg* verlager* mach* machen lass lassen regel* klar* abmach* ausmach* klaer* set_it_up set_this_up set_something_up sort_this organise
         hacerlo hacer arreglarnos faire_ca faze-lo farlo
        pasar pasemos pasarnos seguir sigamos seguimos continu* vamos movamos hacer hagamos cambiar
        passer passons continuer faire faisons mudar passar fazer seguimos tratar tratamos
        passiamo spost* continuiamo facciamo fare organizz* verder doen regelen"),
    (PAY, "pay paying payment payments paid pays compensate settle bezahl* zahl* zahlst gezahlt uberweis* ueberweis* begleich*
        pagar pago pagos pague pagas paga pagan pagando pagarte pagarle pagaria pagarlo abonar abono pagamos pagues
        payer paye paie payez payes paiement regler regle reglez reglement payons payais
        pagamento pagamentos pagarei pagares pagare paghi paghiamo pagarti pagarla pagarvi saldare
        betaal* betal* afrekenen"),
    (PAY | ME, "pagame pagueme paganos pagarme paguenos pagami pagateci pagarmi pagaci transfiereme depositame hazme_un_pago
        me_pagar me_paga me_pague me_paye me_payer"),
    (PAY | YOU, "pagarte pagarle pagarti pagarvi pagarla te_pagar te_pago te_paga te_payer te_paye te_pagare vous_payer te_pagamos"),
    (PAY, "transfer transferring wire tip"),
    (PAY | GIVE, "send_money sending_money send_the_money"),
    (BOOK, "book booking hire hiring arrange arranging arrangement schedule deal employ engage work working rebook
        buch* vereinbar* engagier* beauftrag* anstell* arbeite arbeiten
        reserva reservar reservame reserve contrat* trabaja trabajar trabajemos arregla* arreglamos arreglemos acord* contratarte
        reserver reservez reservons embauch* engager travailler travaillez travaillons arranger arrangeons arrangez organiser
        combinar combinamos combinemos agendar agende agendamos trabalhar trabalha marcamos marcar contratar
        prenot* assum* accord* lavorare lavora mettiamoci accordiamoci ingaggi*
        boek* inhuren afspreken afspraak werken"),
    (SERVE, "sit sitting walk walking watch watching visit come services betreu* gassi cuid* garder garde gardez promener passear
        oppassen tenere"),
    (DIRECT, "direct directly dierctly directl direkt direct_to_me directly_to_me directly_to_us directly_with_me directly_with_us
        directo directamente directement diretamente direto direttamente diretto rechtstreeks one_on_one face_to_face
        in_person unter_vier_augen en_persona en_personne pessoalmente di_persona personally personlich persoenlich
        directly_in_cash direct_deposit directly_in_person with_me_instead with_us_instead entre_nosotros entre_nous entre_nos
        tra_noi fra_noi"),
    (0, "directly_after directly_before directly_to directly_into directly_home directly_across directly_behind 
         directly_above directly_under directly_opposite   directly_beside directly_outside
        directly_in_front straight_to direkt_nach direkt_neben direkt_vor direkt_an direkt_am direkt_zum direkt_zur direkt_ins
        direkt_hinter direkt_gegenuber direkt_in direkt_im direkt_danach directement_apres directement_a directement_au
        directo_a directamente_a directamente_al directamente_despues direto_para diretamente_para direttamente_a
        direttamente_al direttamente_dopo direttamente_in direkt_im_anschluss"),
    (DIRECT | ME, "direto_para_mim diretamente_para_mim direto_pra_mim direto_comigo directamente_a_mi direttamente_a_me
        directement_a_moi directly_to_me directly_to_us direkt_an_mich direkt_bei_mir direkt_mit_mir directly_with_me
        directly_with_us directamente_conmigo directamente_a_mi_cuenta"),
    (PRIVATELY, "privately privat privatim privatement prive en_privado en_prive em_privado in_privato privatamente por_privado
        particularmente em_particular private_deal private_arrangement private_agreement private_booking private_basis
        private_chat private_message private_client private_walks private_sitter privat_weg privatweg"),
    (OUT, "outside off without bypass bypassing circumvent circumventing around rather_than than_through than_via than_on than_in than_with instead_of outside_of away_from
        skip skipping out_of avoid avoiding instead not_through not_via not_on not_using beyond cutting_out cut_out
        ausserhalb ausserhab ohne umgeh* vorbei statt anstatt anstelle abseits nicht_uber
        fuera sin evitar evitando evitamos saltar saltarnos saltandonos en_vez_de en_lugar_de
        hors dehors sans evit* contourn* eviter evitons evitant  au_lieu
        fora sem evitar contornar em_vez_de ao_inves
        fuori senza evitare evitando saltare saltando invece al_di_fuori aggira* bypassa*
        buiten zonder omzeil*"),
    (IN, "in through via using inside within by im durch uber mittels innerhalb a_traves por dentro dans par via
        pelo pela atraves no na tramite attraverso nella nell dentro attraverso per in_the inside_of sull sulla sur en dal dalla
        con_la con_el mit_der mit met_de"),
    (APP, "app apps platform platforms plattform* plateforme* plataforma* piattaforma* aplicacion aplicaciones aplicativo appli
        application applications aplicacao applicazione rover wag rolecall website webseite site sito sitio"),
    (AGENCY, "agency agencies agentur* agencia agencias agence agences agenzia agenzie company office middleman middlemen
        middle_man vermittl* vermittlung intermediari* intermediaire* intermediario buro buero bureau firma empresa oficina
        dispatcher bemiddel*"),
    (0, "app_notification app_notifications application_form company_car office_hours car_company"),
    (FEE, "fee fees commission commissions  percentage markup surcharge gebuhr* gebuehr* servicegebuhr* provision provisionen
        comision comisiones tarifa tarifas frais comissao comissoes taxa taxas commissione commissioni commissie servicekosten
        bemiddelingskosten courtage"),
    (0, "late_fee late_fees cancellation_fee cancellation_fees parking_fee parking_fees vet_fee vet_fees adoption_fee entry_fee
        entrance_fee boarding_fee frais_veterinaires frais_de_veterinaire frais_d_annulation cut_on cut_the_grass cut_his
        cut_her cut_your a_cut sin_tarifa"),
    (SAVE, "save saving avoid avoiding skip skipping bypass dodge escape without spar* einspar* ohne umgeh* ahorr* evitar
        evitando evitamos sin econom* evit* eviter evitons sans sem evita evitare senza risparmi* zonder bespar* ontwijk* saltarnos
        pas_de keine no_hidden"),
    (CASH, "cash bargeld bar efectivo especes espece liquide dinheiro_vivo em_dinheiro numerario contanti contante contant
        cash_in_hand in_mano contado"),
    (0, "cash_register cash_machine cash_back cashback dog_bar chocolate_bar snack_bar"),
    (PURSE, "venmo zelle paypal pay_pal cashapp cash_app bizum pix mbway mb_way revolut twint wero lydia paylib satispay postepay
        bitcoin btc crypto usdt western_union moneygram apple_pay google_pay gpay apple_cash bank_transfer bank_transfers
        wire_transfer direct_deposit bank_details bank_account bankverbindung kontonummer bankdaten iban rib
        transferencia_bancaria cuenta_bancaria virement virement_bancaire transferencia bonifico bonifico_bancario tikkie
        interac e_transfer etransfer chime paytm phonepe upi wise_account mercado_pago sort_code routing_number
        account_details zahle_per "),
    (CHAT | ON, "no_whats pelo_whats seu_whats meu_whats tem_whats teu_whats no_zap pelo_zap no_insta pelo_insta"),
    (CHAT, "whatsapp whatsap watsapp whatsup wattsapp whats_app wats_app wassap guasap wasap watsap whattsapp wsp wapp zapzap zap
        telegram viber wechat threema messenger facebook_messenger imessage facetime discord skype kik whats_ap telegramm
        kakaotalk"),
    (SOCIAL, "instagram insta facebook snapchat tiktok linkedin twitter instgram instagam facebok"),
    (VAGUE, "signal snap ig fb wa tg tele sc line   zalo messanger "),
    (0, "the_signal a_signal gps_signal weak_signal wifi_signal cell_signal strong_signal phone_signal no_signal bad_signal
        signal_strength good_signal traffic_signal in_line the_line a_line on_line line_up snap_at snap_up a_snap finish_line
        washing_line leash_line      facebook_page_of"),
    (NUMBER, "number numbers nummer handynummer telefonnummer mobilnummer rufnummer cell cellphone mobile digits handy
        numero_de_telefono numero_de_movil numero_de_celular telefono movil celular numero_de_telephone numero_de_portable
        numero_de_tel portable numero_de_telefone numero_de_celular numero_de_telemovel telemovel telefone numero_di_telefono
        numero_di_cellulare numero_del_cellulare cellulare telefoonnummer mobiel nummertje numero phone_number phone_numbers
        contact_info contact_details contact_information kontaktdaten coordonnees contactgegevens personal_phone private_phone
        own_phone numero_personal numero_perso numero_personnel numero_pessoal numero_personale cell_number mobile_number
        telephone_number whatsapp_number contact_number line direct_line landline personal_email private_email email_address
        emailadresse mailadresse adresse_mail correo e_mail_address instagram_handle"),
    (0, "number_of a_number house_number flat_number apartment_number room_number order_number booking_number chip_number
        microchip_number tracking_number reference_number confirmation_number invoice_number serial_number tag_number
        policy_number account_number lot_number unit_number door_number number_one any_number the_number_of flight_number
        license_number licence_number case_number ticket_number emergency_number vet_number registration_number
        numero_de numero_di numero_del mobile_home mobile_groomer cell_service mobile_vet mobile_grooming collar_number
        kennel_number batch_number passport_number id_number street_number gate_number plate_number number_two"),
    (GIVE, "give giving send sending share sharing get have drop exchange exchanging swap trade whats here heres save take need
        want leave what shoot get_your pass use slip hand
        gib gibst geb* schick* haben habe hast teil* tausch* brauch* wie_lautet wie_ist hier speicher*
        dame deme das pasame paseme pasarme darme dar envia* enviame comparte* intercambi* mandame cual aqui tienes quieres
        apunta guarda anota te_doy te_paso le_doy
        donne donner donnez envoie envoyer envoyez passe passez echange* voici quel filer file laisse note
        quoi dis_moi manda mande mandar passa passar troca* trocar anota da de qual aqui_esta aqui_vai dou
        dai dammi mandami scambi* ecco lasciami prendi lascio darmi dimmi
        geef geven ruil* hier_is"),
    (CHEAP, "cheaper less discount better lower special rate gunstiger guenstiger billiger rabatt nachlass preisnachlass
        barato descuento rebaja moins reduction remise rabais desconto economico conveniente sconto meno goedkoper korting
        weniger menos"),
    (NO, "no ne non mai nem"),
    (NOT, "not dont doesnt didnt never cant cannot couldnt wont wouldnt isnt arent mustnt shouldnt nobody nicht kein keine keinen
        keiner nie niemals darf_nicht  nunca jamas tampoco  pas jamais aucun nao  nunca   niet geen nooit
        prohibited forbidden against policy prohibido prohibida interdit proibido vietato verboten unable reminder refuse
        refused declined isn aren don doesn won can_t untersagt"),
    (0, "why_dont why_not cant_we cant_you couldnt_we couldnt_you wouldnt_it dont_you dont_we if_not why_cant
        por_que_no porque_no pourquoi_pas pourquoi_ne perche_non por_que_nao warum_nicht wieso_nicht not_only no_problem
        no_worries nao_e_melhor not_a_problem dont_worry"),
    (MOVE_PHRASE, "take_this_offline take_it_offline take_that_offline offline_deal deal_offline off_platform off_app offplatform
        offapp cut_out_the_middleman cut_out_the_middle_man cut_out_the_agency cut_out_the_app cut_the_middleman
        cutting_out_the_middleman cutting_out_the_agency
        behind_their_back behind_the_agency dont_tell_the_agency dont_tell_the_office dont_tell_the_company
        doesnt_need_to_know doesnt_have_to_know need_to_know_about_it dont_need_to_know just_between_us just_between_you_and_me
        keep_this_between_us keep_it_between_us keep_that_between_us stays_between_us stay_between_us between_us_only
        unter_der_hand bleibt_unter_uns muss_nichts_davon_wissen hinter_dem_rucken
        bajo_cuerda por_debajo_de_la_mesa queda_entre_nosotros a_espaldas_de_la no_tiene_por_que_enterarse
        reste_entre_nous dans_le_dos_de fica_entre_nos por_baixo_dos_panos por_baixo_da_mesa nas_costas_da
        resta_tra_noi rimane_tra_noi sottobanco alle_spalle hors_plateforme hors_appli fuera_de_la_app
        por_fuera_de_la por_fora_do_app por_fora_da fuori_app fuori_piattaforma buiten_de_app tussen_ons"),
    (PAY_PHRASE, "cash_only cash_discount cash_preferred prefer_cash cash_is_fine cash_is_better cash_is_best
        cash_works cash_would_be cash_in_hand cash_under_the_table venmo_me zelle_me paypal_me cashapp_me cash_app_me
        pix_me en_negro_sin schwarz_bezahl* schwarz_zahl* bar_auf_die_hand bar_auf_kralle cash_auf_die_hand
        de_la_main_a_la_main de_mano_en_mano em_maos dinheiro_vivo no_pix via_pix por_pix pelo_pix faz_um_pix faco_um_pix
        manda_um_pix por_bizum un_bizum hazme_un_bizum par_lydia via_lydia per_paypal via_paypal mit_paypal uber_paypal
        by_venmo via_venmo with_venmo on_venmo through_venmo over_venmo use_venmo by_zelle via_zelle with_zelle on_zelle
        through_zelle use_zelle use_paypal use_cash_app use_cashapp pass_by_paypal
        no_fees_for_either mon_rib mein_paypal mi_paypal il_mio_iban mio_iban my_iban meine_iban mi_bizum meu_pix minha_chave_pix
        chave_pix con_satispay via_satispay"),
    (SIDE, "on_the_side under_the_table  off_the_record nebenbei nebenher schwarz por_fuera en_negro por_mi_cuenta
        bajo_mano au_noir au_black sous_la_table por_fora por_debajo in_nero in_black per_conto_mio zwart independently
        freelance auf_eigene_rechnung a_mon_compte por_conta_propia directly_off_the_books sans_declarer sin_factura ohne_rechnung
        a_parte por_mi_lado por_libre"),
    (NO_NEED, "no_need dont_need dont_have_to neednt lets_not why_pay why_use stop_using stop_booking forget_the forget_about_the
        ditch_the delete_the dont_use dont_book dont_go_through skip_the drop_the quit_the leave_the do_not_need why_go_through
        why_keep brauchen_nicht brauchst_nicht brauchen_wir brauchen_keine brauchen_die vergiss_die losch_die no_hace_falta
        no_necesitamos no_necesitas para_que olvida_la olvidate_de deja_la borra_la pas_besoin laisse_tomber oublie_l oublie_la
        pourquoi_passer nao_precisa* nao_precisamos esquece_o esquece_a larga_o larga_a para_de_usar non_serve
        non_abbiamo_bisogno lascia_perdere dimentica_l dimentica_la perche_pagare waarom_betalen geen_app_nodig vergeet_de"),
    (REFERENCE, "order orders chip microchip microchipped transponder tag ref reference invoice tracking confirmation ticket
        serial license licence registration passport rx prescription parcel claim policy booking reservation account
        insurance certificate id tattoo collar batch model isbn sku upc package shipment receipt po transaction membership
        vaccine vaccination rabies
        bestellung bestellnummer bestellnr chipnummer chipnr rechnung rechnungsnummer buchung buchungsnummer sendung
        sendungsnummer kundennummer vorgang auftrag auftragsnummer mikrochip heimtierausweis steuermarke hundemarke aktenzeichen
        pedido reserva factura seguimiento chip expediente pasaporte poliza envio cartilla
        commande facture reservation puce colis dossier passeport suivi tatouage
        encomenda fatura reserva rastreio passaporte apolice processo
        ordine fattura prenotazione spedizione pratica passaporto polizza tracciamento microchip
        bestelling bestelnummer factuur boeking zending dossiernummer chipnummer paspoort"),
    (CODE, "code pin passcode password wifi wlan alarm gate lockbox keypad passwort kennwort codigo contrasena clave mot_de_passe
        digicode senha codice password_is wachtwoord key safe"),
    (PHONE, "phone cell cellphone mobile tel telephone telefon handy telefono telefone movil celular portable cellulare
        telemovel whatsapp signal telegram viber dial call text ring reach anrufen ruf telefonnummer handynummer
        llamame appelle appelez ligue chama chiama chiamami bel sms imessage contact landline fone ph mob"),
    (CURRENCY, "usd eur gbp chf cad aud euro euros dollar dollars bucks pounds quid francs franken pesos reais reales cents r"),
    (UNIT, "pound
        kg kilo kilos  grams mg ml lb lbs km miles mile meter meters metres cm mm percent prozent
        steps calories views followers people hours stunden horas heures ore minutes seconds years mbps ft feet square sq
        population words hz mah btu"),
    (AT, "at chez arroba arobase arobas chiocciola chiocciolina klammeraffe apenstaartje aet a_commercial at_sign"),
    (DOT, "dot punkt punto point ponto period dott"),
    (MAILBOX, "gmail googlemail hotmail icloud protonmail gmx ymail tutanota fastmail gmial hotmial g_mail"),
    (EMAIL, "email e_mail mail emails mailing correo courriel posta mails"),
    (TLD, "com net org info biz io eu uk co de fr es pt br ch ca au us ie nz gov edu xyz dev online shop website page link
        club ly gl gg ai mx ar"),
    (VAGUE_TLD, "it at nl me app be is in to site tv pro"),
    (FILLER, "then and dash hyphen minus point dot space slash plus comma followed by next again dann und strich bindestrich
        minus punkt leerzeichen luego despues guion y punto espacio mas puis ensuite tiret et espace plus depois traco hifen e
        ponto mais poi trattino streepje en area underscore bar stop pause"),
    (ON, "on via over through by using at in auf uber per mit bei zu por en a traves de sur par via dans no na em pelo pela
        su tramite con op met use to"),
    (NAMED, "is handle name username user id profile account ist heisst es se_llama est s_appelle e chama_se si_chiama under as
        at called unter nombre usuario nom pseudo nome utente are heet"),
    (ADD, "add adding follow following find look search friend check hit text message msg dm reach contact write call chat talk
        ping pm invite folge folg fuge fuege such suche sucht finde find findest findet adde agreg* anade sigue siguenos sigueme
        busca buscame encuentra encuentrame ajoute ajoutez suis suivez trouve trouver cherche adiciona adicione segue siga procura
        procure acha encontra aggiung* seguimi seguici cercami trovami cerca zoek volg voeg"),
    (HAVE, "have    hast habt haben benutzt nutzt nutzen tienes tiene usas usa tem tens usa as avez utilises utilisez
        hai ha usi heb hebt gebruik got do"),
    (ACCEPT, "accept accepts take prefer want happy rather like nehme nehmen akzeptier* bevorzuge acept* acepto prefiero prefer*
        prends prend accepte prefere aceito prefiro accetto preferisco rather_have neem"),
    (GRAMMAR, "the a an this that these those his her its their my your our be i am was were it in on at to of for and or but
        with as by from so if you he she we they me him us them not look looking is are what there here home be stay staying
        wait meet arrive park start good pick drop noon night all once least up der die das ein eine el la los las le les un
        une o os il lo gli i que ese este esta cet cette ce quel en y e et und da hier que see point"),
    (SWITCH, "log logged logging sign signed turn turned switch_off back fell kicked shut"),
    (PAPER, "invoice receipt photo photos pictures pics report update copy form rechnung foto* factura facture fattura fatura recibo
        bill confirmation summary document documents"),
    (OTHERS, "vet groomer doctor pharmacy store shop landlord plumber neighbor neighbour clinic hospital reception taxi driver
        pizza delivery cleaner gardener tierarzt veterinario veterinaire veterinaria clinica peluquero toiletteur praxis pet_store
        shelter trainer handyman electrician"),
    (USE, "use using go going book booking through nutzen benutzen gehen usar ir utiliser passer usare passare gebruiken pay
        paying pagar bezahlen payer pagare"),
    (PLACE, "home work the noon park vet school office night lunch front door house least work"),
    (DATE, "january february march april may june july august september october november december jan feb mar apr jun jul aug sep
        sept oct nov dec januar februar marz maerz mai juni juli oktober dezember enero febrero marzo mayo junio julio
        septiembre octubre noviembre diciembre janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre
        janeiro fevereiro abril maio junho julho setembro outubro dezembro gennaio febbraio aprile maggio giugno luglio
        settembre ottobre dicembre uhr"),
    (STREET, "street st avenue ave road rd lane ln drive blvd boulevard apartment apt flat suite house unit floor zip postcode
        address strasse str hausnummer plz adresse calle avenida piso direccion rue code_postal etage rua endereco via indirizzo
        cap straat postcode room"),
    (FORBIDDEN, "isnt arent prohibited forbidden verboten untersagt prohibido prohibida interdit proibido vietato not_allowed
        not_accepted not_permitted against_the against is_not are_not nicht_erlaubt nicht_gestattet no_esta_permitido no_se_permite
        nao_e_permitido non_e_consentito non_e_permesso n_est_pas pas_autorise violates niet_toegestaan"),
    (FAR_OUT | OUT, "outside off outside_of bypass bypassing circumvent circumventing ausserhalb fuera hors dehors fora fuori
        al_di_fuori buiten umgeh* contourn* aggira* omzeil* fuera_de hors_de"),
    (OUTSIDE_APP, "en_dehors_de_l_appli en_dehors_de_l_application app_vorbei agentur_vorbei plattform_vorbei firma_vorbei vermittlung_vorbei app_heen"),
    (NO_NEED | USE, "stop_using stop_booking dont_book dont_go_through why_go_through dont_use no_need_to_use no_need_to_go_through
        no_need_to_book no_need_to_pay why_pay pourquoi_passer perche_pagare waarom_betalen para_de_usar"),
    (MOVE_PHRASE, "skip_the_middleman skip_the_agency avoid_the_middleman without_a_middleman without_the_middleman
        cut_them_out sin_intermediarios sans_intermediaire sem_intermediarios senza_intermediari ohne_vermittler zonder_tussenpersoon"),
    (0, "on_the_side_of a_side"),
    (GIVE, "here_are here_is  text_me_your"),
    (APP | AGENCY, "platform platforms plattform* plateforme* plataforma* piattaforma* middleman middlemen middle_man intermediari*
        intermediaire* vermittler"),
    (WITHOUT | OUT, "without skip skipping bypass bypassing around circumvent circumventing avoid avoiding cut_out cutting_out leave_out
        ohne umgeh* vorbei sin evitar evitando evitamos saltar saltarnos saltandonos sans contourn* eviter evitons evit* se_passer_de
        passer_de sem evitare saltare saltando aggira* bypassa* senza zonder omzeil* past passar_por_cima"),
    (KNOW, "know knows knowing find_out finds_out hear tell mention wissen weiss erfahren erfahrt mitbekommen mitbekommt saber sepa sabe
        enterarse entere savoir sache sait saiba descobrir sapere sappia sa weten weet"),
    (NEED, "need needs have_to has_to must should braucht brauchen muss tiene necesita besoin doit precisa deve bisogno hoeft"),
    (MONEY, "money geld dinero plata argent dinheiro grana soldi denaro cash euros dollars amount balance"),
    (SUITS, "works work fine better best easiest easier ok okay good preferred ideal welcome possible einfacher lieber besser moglich
        mejor posible mieux possible plus_simple melhor meglio preferibile prima beter handig"),
    (TRANSFER, "transfer transferring wire uberweis* ueberweis* transfer* virement vire virer bonifico overmaken maak_over bank_transfer
        bank_transfers wire_transfer"),
    (MOVE_PHRASE, "exchange_numbers swap_numbers trade_numbers exchange_phone_numbers exchange_our_numbers nummern_tauschen
        nummern_austauschen handynummern_tauschen intercambiar_numeros intercambiamos_numeros echanger_nos_numeros echange_nos_numeros
        trocar_numeros trocar_telefones scambiarci_i_numeri scambiamoci_i_numeri dm_me pm_me inbox_me slide_into_my_dms my_dms
        my_inbox no_agency no_agency_needed no_middleman no_platform_needed no_app_needed ohne_agentur
        leave_the_agency leaving_the_agency quit_the_agency quitting_the_agency leave_the_platform leaving_the_platform
        my_business_card meine_visitenkarte mi_tarjeta ma_carte_de_visite meu_cartao mio_biglietto_da_visita
        private_clients private_jobs own_clients my_own_business my_own_website my_own_site my_private_business"),
    (NO_NEED | WITHOUT | OUT, "skip_the ditch_the forget_the forget_about_the quit_the drop_the"),
    (ACCEPT, "aceita aceitas aceitam akzeptierst nimmst nehmt acepta aceptas aceptan acceptez acceptes accetti accetta prendi prendete
        accepteer accepteert"),
    (PRIVATELY, "private_bookings private_visits private_walk private_customers"),
    (OWN_NUMBER, "best_number good_number direct_number contact_number best_phone_number"),
    (DIRECT | ME, "straight_to_me straight_to_us straight_with_me come_to_me_first me_directly us_directly"),
    (MOVE_PHRASE, "private_arrangement private_deal private_agreement private_booking private_bookings private_basis private_gig
        direktbuchung app_out_of agency_out_of platform_out_of company_out_of talk_offline arrange_offline book_offline
        chat_offline deal_offline settle_offline this_offline it_offline meet_offline line_id de_gre_a_gre"),
    (OWN_NUMBER, "personal_phone private_phone personal_number private_number personal_cell private_cell personal_email private_email
        real_number own_number mi_contacto tu_contacto meu_contato seu_contato mio_contatto tuo_contatto mon_contact ton_contact"),
    (GIVE, "got gotten"),
    (SECRET, "dont_tell dont_mention dont_let no_need_to_tell without_telling nicht_sagen nichts_sagen sag_nichts sag_es_nicht
        no_le_digas no_digas sin_decirle sin_decir ne_dis_rien ne_dites_rien sans_le_dire nao_conta nao_conte sem_contar non_dire
        non_dirlo senza_dire niet_vertellen please_dont_tell"),
    (PAY, "pagata pagato pagati pagado pagada payee payes paid bezahlt abbezahlen receber recibir recevoir ricevere"),
    (PAY | CASH, "barzahlung* barzahler barbezahl*"),
    (CASH, "en_mano in_mano en_main_propre auf_die_hand em_maos brevi_manu en_metalico en_liquide in_contanti em_especie
        dinero_en_mano cash_money"),
    (0, "cash_the cash_box cash_drawer cash_a cash_for_clunkers"),
    (FORBIDDEN, "nicht_moglich not_possible no_es_posible pas_possible nao_e_possivel non_e_possibile niet_mogelijk not_an_option"),
    (PURSE, "gift_card gift_cards by_check by_cheque write_you_a_check write_you_a_cheque par_cheque con_assegno per_scheck"),
    (MOVE, "skip skipping bypass bypassing ditch ditching circumvent avoid evit* saltar* umgeh* contourn* aggira* omzeil* forget"),
    (WITHOUT | OUT, "ditch ditching"),
    (YOU, "contigo consigo avec_toi avec_vous con_te com_voce mit_dir"),
    (SIDE, "por_aparte am_finanzamt_vorbei a_nero"),
    (DIRECT, "en_direct"),
    (SOCIAL | ON, "no_direct no_insta"),
    (CONTACT | ME, "chama_no_direct"),
    (MOVE | WITHOUT | OUT, "go_around get_around work_around going_around working_around"),
    (FILLER, "finally last first ending ends with the part rest uh um er zuletzt finalement finalmente ultimo infine"),
    (VIA | ON, "over via per uber ueber por par pelo pela tramite durch through"),
    (TALK, "keep_in_touch stay_in_touch get_in_touch be_in_touch in_kontakt en_contacto en_contact em_contato in_contatto"),
    (CONTACT, "ask frag frage fragt"),
    (CONTACT | ME, "come_to_me ask_me frag_mich preguntame demande_moi me_pergunta chiedimi"),
    (NO_NEED, "rather_not prefer_not dont_want_to lieber_nicht prefiero_no prefere_ne_pas prefiro_nao preferisco_non"),
    (USE, "involve bother ask"),
    (OUT | FAR_OUT, "other_than anders_als aparte_de autre_que alem_do"),
    (OUTSIDE_APP, "without_them  sin_ellos sans_eux sem_eles senza_di_loro zonder_hen"),
    (ELSEWHERE, "elsewhere somewhere_else woanders anderswo en_otro_lado en_otro_sitio en_otra_parte ailleurs em_outro_lugar altrove
        ergens_anders another_way some_other_way auf_anderem_weg"),
    (ADD | ME, "be_friends become_friends"),
    (IN_CASH | CASH, "in_cash en_efectivo em_dinheiro in_contanti en_especes en_liquide bargeld barzahlung in_bar"),
    (GIVE, "pasas tener puedo_tener stp svp porfa"),
    (MOVE_PHRASE, "between_ourselves among_ourselves amongst_ourselves my_own_number my_personal_number my_private_number
        my_personal_phone my_private_phone my_personal_cell my_personal_line my_personal_email my_private_email off_the_books"),
    (KNOW, "involved involve beteiligt enterada impliquee impliquer envolvida coinvolta"),
    (SERVE, "look_after take_care_of taking_care_of mind feed"),
    (GIVE | MY, "heres_my here_is_my here_are_my"),
    (FEE, "their_cut its_cut the_cut app_cut agency_cut"),
    (SAVE, "cut cutting drop dropping"),
    (0, "the_bar a_bar die_bar der_bar eine_bar einer_bar una_bar el_bar un_bar le_bar il_bar al_bar o_bar um_bar no_bar de_bar"),
];
