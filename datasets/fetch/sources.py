"""The public sources: address, terms, citation.

Addresses follow the publishers' own pages; publishers move files, so a 404 is named with the source's home
page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from slipbench.datasets.errors import InputError

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:+_-]*|-?[0-9.]+", re.ASCII)


@dataclass(frozen=True)
class Source:
    """One kind of file of one publisher.

    Parameters
    ----------
    name : str
        Key of the registry.
    title, home, licence, citation : str
        What it is, where its publisher describes it, the terms of use, how to cite it.
    reader : str
        Module below ``slipbench.datasets.readers`` that reads it, or how else it is read.
    url : str
        Address with ``{key}`` fields; empty where the publisher wants a login or a form filled in.
    file : str
        Name for the file, with the same fields.
    keys : mapping of str to str
        Meaning of every field.
    defaults : mapping of str to str
        Values of fields that need not be given.
    """

    name: str
    title: str
    home: str
    licence: str
    citation: str
    reader: str
    url: str = ""
    file: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def address(self, given: Mapping[str, str]) -> tuple[str, str]:
        """Address and file name for values of the keys.

        Raises
        ------
        InputError
            When there is no address, a key is missing or unknown, or a value has other signs than letters,
            digits and ``. : + _ -``.
        """
        if not self.url:
            raise InputError(
                self.name,
                "its publisher wants a login or a form",
                "a file got by hand",
                f"get it at {self.home}",
            )
        expected = ", ".join(f"{k}={m}" for k, m in self.keys.items()) or "no keys"
        for key, value in given.items():
            if key not in self.keys:
                raise InputError(f"{self.name} {key}", "unknown key", expected, "correct the key")
            if not _VALUE.fullmatch(value) or ".." in value:
                raise InputError(f"{self.name} {key}", f"value '{value}'", self.keys[key], "correct it")
        values = {**self.defaults, **given}
        missing = [key for key in self.keys if key not in values]
        if missing:
            raise InputError(self.name, f"no {missing[0]}", expected, f"add {missing[0]}=VALUE")
        quoted = {key: quote(value, safe="") for key, value in values.items()}
        return self.url.format(**quoted), self.file.format(**values).replace(":", "")


_NGL: dict[str, Any] = {
    "home": "http://geodesy.unr.edu",
    "licence": "free use with citation; no formal licence is stated",
    "citation": "Blewitt, Hammond and Kreemer (2018), Harnessing the GPS data explosion for "
    "interdisciplinary science, Eos 99, doi:10.1029/2018EO104623",
}
_USGS: dict[str, Any] = {
    "home": "https://earthquake.usgs.gov/fdsnws/event/1/",
    "licence": "public domain (U.S. Geological Survey)",
    "citation": "U.S. Geological Survey, ANSS Comprehensive Earthquake Catalog, doi:10.5066/F7MS3QZH",
    "keys": {
        "start": "first day like 2011-03-01",
        "end": "day after the last like 2011-03-08",
        "min_magnitude": "smallest magnitude",
        "min_lat": "degrees",
        "max_lat": "degrees",
        "min_lon": "degrees",
        "max_lon": "degrees",
    },
    "defaults": {
        "min_magnitude": "4.5",
        "min_lat": "22",
        "max_lat": "46",
        "min_lon": "122",
        "max_lon": "150",
    },
}
_QUERY = (
    "https://earthquake.usgs.gov/fdsnws/event/1/query?format={kind}&starttime={{start}}&endtime={{end}}"
    "&minmagnitude={{min_magnitude}}&minlatitude={{min_lat}}&maxlatitude={{max_lat}}"
    "&minlongitude={{min_lon}}&maxlongitude={{max_lon}}&orderby=time-asc"
)
_STATION = {"station": "four-character code like J550", "frame": "reference frame like IGS14"}
_CODE = "Dach et al., CODE final product series for the IGS, University of Bern"
_IONEX_KEYS = {"year": "four digits", "doy": "day of the year, three digits"}

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "ngl_tenv3",
            "daily positions of one station (NGL, PPP)",
            reader="ngl_tenv3",
            url="http://geodesy.unr.edu/gps_timeseries/tenv3/{frame}/{station}.tenv3",
            file="{station}.{frame}.tenv3",
            keys=_STATION,
            defaults={"frame": "IGS14"},
            **_NGL,
        ),
        Source(
            "ngl_txyz2",
            "daily Cartesian positions of one station (NGL, PPP)",
            reader="ngl_txyz2",
            url="http://geodesy.unr.edu/gps_timeseries/txyz/{frame}/{station}.txyz2",
            file="{station}.{frame}.txyz2",
            keys=_STATION,
            defaults={"frame": "IGS14"},
            **_NGL,
        ),
        Source(
            "ngl_llh",
            "station list (NGL)",
            reader="llh",
            url="http://geodesy.unr.edu/NGLStationPages/llh.out",
            file="ngl.llh",
            **_NGL,
        ),
        Source(
            "usgs_csv",
            "earthquakes of a box (ComCat, at most 20,000 a request)",
            reader="comcat_csv",
            url=_QUERY.format(kind="csv"),
            file="comcat_{start}_{end}.csv",
            **_USGS,
        ),
        Source(
            "usgs_geojson",
            "earthquakes of a box (ComCat, at most 20,000 a request)",
            reader="comcat_geojson",
            url=_QUERY.format(kind="geojson"),
            file="comcat_{start}_{end}.geojson",
            **_USGS,
        ),
        Source(
            "jma_hypocentres",
            "unified hypocentre catalogue of one year (zip of 96-column records)",
            home="https://www.data.jma.go.jp/eqev/data/bulletin/hypo_e.html",
            licence="JMA website terms (Public Data License 1.0, compatible with CC BY 4.0)",
            citation="Japan Meteorological Agency, The Seismological Bulletin of Japan",
            reader="jma_hypocentre, after unzip",
            url="https://www.data.jma.go.jp/eqev/data/bulletin/data/hypo/h{year}.zip",
            file="h{year}.zip",
            keys={"year": "four digits"},
        ),
        Source(
            "gcmt",
            "centroid moment tensors, 1976-2020",
            home="https://www.globalcmt.org",
            licence="free use with citation; no formal licence is stated",
            citation="Dziewonski, Chou and Woodhouse (1981), JGR 86; Ekström, Nettles and Dziewonski (2012)",
            reader="gcmt_ndk",
            url="https://www.ldeo.columbia.edu/~gcmt/projects/CMT/catalog/jan76_dec20.ndk",
            file="jan76_dec20.ndk",
        ),
        Source(
            "gcmt_month",
            "centroid moment tensors of one month since 2021",
            home="https://www.globalcmt.org",
            licence="free use with citation; no formal licence is stated",
            citation="Ekström, Nettles and Dziewonski (2012), The global CMT project 2004-2010, PEPI 200",
            reader="gcmt_ndk",
            url="https://www.ldeo.columbia.edu/~gcmt/projects/CMT/catalog/NEW_MONTHLY/{year}/{month}{yy}.ndk",
            file="{month}{yy}.ndk",
            keys={
                "year": "four digits",
                "month": "three letters like mar",
                "yy": "the year's last two digits",
            },
        ),
        Source(
            "code_ionex",
            "global ionosphere maps of one day since 2022-11-27, hourly (CODE)",
            home="http://ftp.aiub.unibe.ch/CODE/",
            licence="free use with citation; no formal licence is stated",
            citation=_CODE,
            reader="ionex",
            url="http://ftp.aiub.unibe.ch/CODE/{year}/COD0OPSFIN_{year}{doy}0000_01D_01H_GIM.INX.gz",
            file="COD0OPSFIN_{year}{doy}0000_01D_01H_GIM.INX.gz",
            keys=_IONEX_KEYS,
        ),
        Source(
            "code_ionex_short",
            "global ionosphere maps of one day from 1995 to 2022-11-26, under the short names (CODE)",
            home="http://ftp.aiub.unibe.ch/CODE/",
            licence="free use with citation; no formal licence is stated",
            citation=_CODE,
            reader="ionex, after uncompress",
            url="http://ftp.aiub.unibe.ch/CODE/{year}/CODG{doy}0.{yy}I.Z",
            file="CODG{doy}0.{yy}I.Z",
            keys={**_IONEX_KEYS, "yy": "the year's last two digits"},
        ),
        Source(
            "igs_ionex",
            "global ionosphere maps of all centres since 1998 (NASA CDDIS): igsgDDD0.YYi.Z, "
            "jplgDDD0.YYi.Z, and IGS0OPSFIN_YYYYDDD0000_01D_02H_GIM.INX.gz since 2022-11-27",
            home="https://cddis.nasa.gov/archive/gnss/products/ionex/",
            licence="free after registration (NASA Earthdata)",
            citation="Hernández-Pajares et al. (2009), The IGS VTEC maps, J. Geodesy 83; Noll (2010), CDDIS",
            reader="ionex",
        ),
        Source(
            "celestrak_sw",
            "Kp, ap, Ap, sunspot number and F10.7 since 1957",
            home="https://celestrak.org/SpaceData/",
            licence="free use with citation; no formal licence is stated",
            citation="CelesTrak, space weather data, after GFZ Potsdam and NOAA",
            reader="space_weather",
            url="https://celestrak.org/SpaceData/SW-All.txt",
            file="SW-All.txt",
        ),
        Source(
            "gsi_pos",
            "daily coordinates F5 and F3 of GEONET stations",
            home="https://terras.gsi.go.jp",
            licence="GSI website terms (Public Data License 1.0, compatible with CC BY 4.0)",
            citation="Geospatial Information Authority of Japan, GEONET; Nakagawa et al. (2009)",
            reader="gsi_pos",
        ),
        Source(
            "nied_fnet",
            "moment tensors of F-net",
            home="https://www.fnet.bosai.go.jp",
            licence="NIED terms of use: research, with acknowledgement",
            citation="Fukuyama et al. (1998), Zisin 51; NIED F-net, doi:10.17598/NIED.0005",
            reader="fnet",
        ),
    )
}


def find_source(name: str) -> Source:
    """A source by name.

    Raises
    ------
    InputError
        When there is none of this name.
    """
    if name not in SOURCES:
        raise InputError(f"source {name}", "unknown", f"one of {', '.join(SOURCES)}", "see slipbench fetch")
    return SOURCES[name]
